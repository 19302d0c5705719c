{{/* variables: written by npm run generate: what outranks config.yaml in the server, and what to give instead. */}}
{{- define "release-server.variables" -}}
CONFIG_PATH: config
HOST: config.host
PORT: config.port
TLS_CERT_FILE: config.tls.cert_file
TLS_KEY_FILE: config.tls.key_file
PUBLIC_URL: config.public_url
TRUST_PROXY: config.trust_proxy
ALLOWED_HOSTS: config.allowed_hosts
STORAGE_DRIVER: config.storage_driver
STORAGE_PATH: config.storage_path
MAX_PACKAGES: config.max_packages
RETENTION_EVICT: config.retention.evict
RETENTION_KEEP_RELEASES: config.retention.keep_releases
RETENTION_KEEP_PRERELEASES: config.retention.keep_prereleases
RETENTION_MAX_AGE: config.retention.max_age
RETENTION_PROTECT: config.retention.protect
RETENTION_PROTECT_LATEST: config.retention.protect_latest
MAX_UPLOAD_SIZE: config.max_upload_size
MIN_FREE_SPACE: config.min_free_space
AUTH_TOKEN: auth.token or auth.existingSecret
AUTH_TOKEN_FILE: config.auth_token_file
TOKENS_FILE: config.tokens_file
READ_ACCESS: config.read_access
LINK_KEY: auth.linkKey.existingSecret
LINK_KEY_FILE: config.link_key_file
LINK_EXPIRES: config.link_expires
READ_ONLY: config.read_only
ALLOW_OVERWRITE: config.allow_overwrite
ALLOW_DELETE: config.allow_delete
REPOSITORY: config.repository
STRICT_REPOSITORY: config.strict_repository
IMMUTABLE: config.immutable
LOG_LEVEL: config.log_level
KEEP_ALIVE_TIMEOUT: config.keep_alive_timeout
SHUTDOWN_TIMEOUT: config.shutdown_timeout
S3_BUCKET: config.s3.bucket
S3_PREFIX: config.s3.prefix
S3_REGION: config.s3.region
S3_ENDPOINT: config.s3.endpoint
S3_FORCE_PATH_STYLE: config.s3.force_path_style
S3_ACCESS_KEY_ID: s3Credentials.existingSecret
S3_ACCESS_KEY_ID_FILE: config.s3.access_key_id_file
S3_SECRET_ACCESS_KEY: s3Credentials.existingSecret
S3_SECRET_ACCESS_KEY_FILE: config.s3.secret_access_key_file
S3_REDIRECT_DOWNLOADS: config.s3.redirect_downloads
S3_PRESIGN_EXPIRES: config.s3.presign_expires
S3_GRACE: config.s3.grace
S3_SPOOL_PATH: config.s3.spool_path
{{- end }}
{{/* end of variables */}}
