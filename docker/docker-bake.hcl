# From the root of the repository:
#   TAG=1.2.3 docker buildx bake -f docker/docker-bake.hcl --load
# The names are those of build.sh; only TAG differs in its default, since bake cannot read package.json.

variable "REGISTRY" {
  default = "ghcr.io"
}

variable "AUTHOR" {
  default = "zlink-cloudtech"
}

variable "IMAGE_NAME" {
  default = "release-server"
}

variable "TAG" {
  default = "latest"
}

group "default" {
  targets = ["image"]
}

target "image" {
  context    = "."
  dockerfile = "docker/Dockerfile"
  tags       = ["${REGISTRY}/${AUTHOR}/${IMAGE_NAME}:${TAG}"]
  args = {
    VERSION = TAG
    CREATED = timestamp()
  }
}

# Both architectures; needs --push.
target "multi-arch" {
  inherits  = ["image"]
  platforms = ["linux/amd64", "linux/arm64"]
}
