// Publishes a release and reads it again with go-github: BASE_URL TOKEN FILE
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/go-github/v66/github"
)

const (
	owner = "acme"
	name  = "tool"
)

func main() {
	ctx := context.Background()
	client, err := github.NewClient(nil).WithAuthToken(os.Args[2]).WithEnterpriseURLs(os.Args[1], os.Args[1])
	check(err)
	repositories := client.Repositories

	draft, _, err := repositories.CreateRelease(ctx, owner, name, &github.RepositoryRelease{
		TagName: github.String("v1.0.0"), Name: github.String("First"), Body: github.String("draft"), Draft: github.Bool(true),
	})
	check(err)
	file, err := os.Open(os.Args[3])
	check(err)
	asset, _, err := repositories.UploadReleaseAsset(ctx, owner, name, draft.GetID(),
		&github.UploadOptions{Name: "tool.txt", Label: "The program"}, file)
	check(err)
	published, _, err := repositories.EditRelease(ctx, owner, name, draft.GetID(),
		&github.RepositoryRelease{Draft: github.Bool(false), Body: github.String("public")})
	check(err)
	latest, _, err := repositories.GetLatestRelease(ctx, owner, name)
	check(err)
	byTag, _, err := repositories.GetReleaseByTag(ctx, owner, name, "v1.0.0")
	check(err)
	// Follows a redirect where there is one.
	body, _, err := repositories.DownloadReleaseAsset(ctx, owner, name, asset.GetID(), http.DefaultClient)
	check(err)
	taken, err := io.ReadAll(body)
	check(err)
	edited, _, err := repositories.EditReleaseAsset(ctx, owner, name, asset.GetID(),
		&github.ReleaseAsset{Name: github.String("program.txt"), Label: github.String("Program")})
	check(err)
	for _, tag := range []string{"v0.1.0", "v0.2.0", "v0.3.0"} {
		_, _, err = repositories.CreateRelease(ctx, owner, name,
			&github.RepositoryRelease{TagName: github.String(tag), Prerelease: github.Bool(true)})
		check(err)
	}
	tags := []string{}
	for options := (&github.ListOptions{PerPage: 3}); ; {
		releases, response, err := repositories.ListReleases(ctx, owner, name, options)
		check(err)
		for _, release := range releases {
			tags = append(tags, release.GetTagName())
		}
		if response.NextPage == 0 {
			break
		}
		options.Page = response.NextPage
	}
	// With another name it is another asset.
	_, err = repositories.DeleteReleaseAsset(ctx, owner, name, edited.GetID())
	check(err)
	_, err = repositories.DeleteRelease(ctx, owner, name, draft.GetID())
	check(err)
	_, _, err = repositories.GetReleaseByTag(ctx, owner, name, "v1.0.0")
	var missing *github.ErrorResponse
	if !errors.As(err, &missing) {
		log.Fatalf("expected an error response, got %v", err)
	}

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"draft":     draft.GetDraft(),
		"published": []any{published.GetDraft(), published.GetBody()},
		"same":      draft.GetID() == latest.GetID() && draft.GetID() == byTag.GetID(),
		"taken":     string(taken),
		"edited":    []string{edited.GetName(), edited.GetLabel()},
		"tags":      tags,
		"missing":   []any{missing.Response.StatusCode, missing.Message},
	}))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
