"""Publishes a release and reads it again with PyGithub: BASE_URL TOKEN FILE DIRECTORY."""

import json
import sys
from pathlib import Path

from github import Auth, BadCredentialsException, Github, GithubException, UnknownObjectException

base_url, token, file, directory = sys.argv[1:]
repository = Github(base_url=base_url, auth=Auth.Token(token), retry=None).get_repo("acme/tool")

draft = repository.create_git_release("v1.0.0", "First", "draft", draft=True, target_commitish="main")
asset = draft.upload_asset(file, label="The program", content_type="text/plain")
anonymous = Github(base_url=base_url, retry=None).get_repo("acme/tool")
public_before = anonymous.get_releases().totalCount
published = draft.update_release("First", "public", draft=False)

try:
    published.upload_asset(file)
    refused = "accepted"
except GithubException as error:
    refused = [error.status, error.data["errors"][0]["code"]]

for number in range(1, 4):
    repository.create_git_release(f"v0.{number}.0", f"{number}", "", prerelease=True)

by_tag = repository.get_release("v1.0.0")
latest = repository.get_latest_release()
target = Path(directory) / "taken.txt"
latest.get_assets()[0].download_asset(str(target))
edited = asset.update_asset("program.txt", "Program")
pages = Github(base_url=base_url, per_page=2, retry=None).get_repo("acme/tool").get_releases()

try:
    repository.get_release("v9")
    missing = "found"
except UnknownObjectException as error:
    missing = error.data["message"]
try:
    bad = Github(base_url=base_url, auth=Auth.Token("wrong"), retry=None).get_repo("acme/tool")
    bad.create_git_release("v9", "x", "x")
    wrong = "accepted"
except BadCredentialsException as error:
    wrong = error.data["message"]

tags = sorted(release.tag_name for release in pages)
edited.delete_asset()
left = [one.name for one in by_tag.get_assets()]
latest.delete_release()

print(
    json.dumps(
        {
            "repository": repository.full_name,
            "draft": draft.draft,
            "publicBefore": public_before,
            "published": [published.draft, published.body],
            "refused": refused,
            "same": draft.id == by_tag.id == latest.id == published.id,
            "published_at": published.published_at is not None,
            "size": asset.size,
            "taken": target.read_text(),
            "edited": [edited.name, edited.label],
            "tags": tags,
            "missing": missing,
            "wrong": wrong,
            "left": left,
            "after": sorted(release.tag_name for release in repository.get_releases()),
        }
    )
)
