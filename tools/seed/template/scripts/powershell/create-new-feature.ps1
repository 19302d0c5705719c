# Makes specs/NNN-NAME/spec.md from the template and prints its path.
param([Parameter(Mandatory, ValueFromRemainingArguments)][string[]]$Words)
$ErrorActionPreference = 'Stop'

$name = ($Words -join '-').ToLowerInvariant() -replace '[^a-z0-9-]', ''
New-Item -ItemType Directory -Force specs | Out-Null
$last = Get-ChildItem specs -Directory -Filter '???-*' | ForEach-Object { [int]$_.Name.Substring(0, 3) } |
    Measure-Object -Maximum
$directory = 'specs/{0:d3}-{1}' -f ([int]$last.Maximum + 1), $name
New-Item -ItemType Directory $directory | Out-Null
(Get-Content -Raw .specify/templates/specify-template.md).Replace('[FEATURE]', $name) |
    Set-Content -NoNewline "$directory/spec.md"
"$directory/spec.md"
