#!/usr/bin/env bash
# Headcount from a shell: a trend, a report, paging, recording logins, and what an error looks like.
# URL and TOKEN are the demo's; the token is that of the service account.
set -euo pipefail
: "${URL:?is the address that the demo prints}" "${TOKEN:?is the token that the demo prints}"

# ask QUERY [VARIABLES]: prints the answer. jq writes the body, so no value needs quoting by hand.
ask() {
  jq -n --arg query "$1" --argjson variables "${2:-null}" '{$query, $variables}' |
    curl -sS "$URL" -d @- \
      -H "Authorization: Bearer $TOKEN" \
      -H 'Content-Type: application/json' \
      -H 'Accept: application/graphql-response+json'
}

# answer QUERY [VARIABLES]: prints the data; errors go to stderr and end the script.
answer() {
  local whole
  whole=$(ask "$@") || exit 1
  jq -ce '.errors // empty' <<<"$whole" >&2 && exit 1
  jq .data <<<"$whole"
}

echo '# Trend: the day with the most users'
trend=$(answer '{
  tenant(by: {externalId: "EXIST"}) { id name billingTrend { peak { date maxUsers } } }
}')
jq -c .tenant <<<"$trend"
id=$(jq -r .tenant.id <<<"$trend")
date=$(jq -r .tenant.billingTrend.peak.date <<<"$trend")

echo '# Report of that day: the number, and who they were, page by page'
report='query ($tenant: ID!, $date: Date!, $after: String) {
  billingReport(tenant: $tenant, date: $date) {
    maxUsers
    users(first: 900, after: $after) { nodes { userId } pageInfo { hasNextPage endCursor } }
  }
}'
after=null
while [ "$after" != end ]; do
  page=$(answer "$report" "{\"tenant\": \"$id\", \"date\": \"$date\", \"after\": $after}")
  jq -c '.billingReport | {maxUsers, first: .users.nodes[0].userId, count: (.users.nodes | length)}' <<<"$page"
  after=$(jq -r '.billingReport.users.pageInfo | if .hasNextPage then .endCursor | tojson else "end" end' <<<"$page")
done

echo '# Recording logins: a bad one is refused; sent again, nothing changes'
record='mutation ($logins: [LoginInput!]!) {
  loginsRecord(input: {tenant: {externalId: "YAKAN"}, logins: $logins}) {
    recorded counted rejected userErrors { code field }
  }
}'
logins=$(jq -n --arg now "$(date -u +%FT%TZ)" '{logins: [
  {userId: "anna", at: $now}, {userId: "bruno", at: $now}, {userId: "carla", at: "2019-03-01T09:00:00Z"}
]}')
for _ in 1 2; do answer "$record" "$logins" | jq -c .loginsRecord; done

echo '# An error: programs go by extensions.code'
ask "$report" "{\"tenant\": \"$id\", \"date\": \"2019-03-01\"}" | jq -c '.errors[0] | {message, path, extensions}'

echo '# Without a valid token: status 401, and JSON all the same'
TOKEN=wrong ask '{ viewer { id } }' | jq -c '.errors[0] | {message, extensions}'
