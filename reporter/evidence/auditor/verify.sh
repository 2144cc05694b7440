#!/bin/sh
# Checks this bag with sha256sum, find, sort and openssl: sh verify.sh [CA-OF-THE-TIME-STAMP.pem]
# Prints a line for each check. Exits with 0 if all checks hold, with 1 if one does not.
cd "$(dirname "$0")" || exit 2
LC_ALL=C
export LC_ALL
bad=0
say() { printf '%-8s%s\n' "$1" "$2"; [ "$1" != FAILED ] || bad=1; }

signed=tagmanifest-sha256.txt
lists="manifest-sha256.txt $signed"
[ ! -e signatures-sha256.txt ] || lists="$lists signatures-sha256.txt"

# shellcheck disable=SC2086
if sha256sum --check --quiet --strict $lists &&
  sha512sum --check --quiet --strict manifest-sha512.txt tagmanifest-sha512.txt; then
  say ok "files: none has changed since it was archived"
else
  say FAILED "files: some are missing or were changed (see above)"
fi

# sha256sum does not see what nobody has listed.
# shellcheck disable=SC2086
listed=$({ cut -c67- $lists; printf '%s\n' "$signed" tagmanifest-sha512.txt; [ ! -e signatures-sha256.txt ] || echo signatures-sha256.txt; } | sort)
there=$(find . -type f | cut -c3- | sort)
odd=$(find . ! -type f ! -type d)
if [ "$listed" = "$there" ] && [ -z "$odd" ]; then
  say ok "nothing else: no file was added"
else
  say FAILED "nothing else: files were added or are missing, or there are links"
fi

stamped=$signed
if grep -q '^Evidence-Signature: none' bag-info.txt; then
  say absent "signature: none; no certificate was configured when the bag was made"
  [ ! -e "$signed.p7s" ] || say FAILED "signature: there is one nevertheless"
elif openssl cms -verify -binary -inform DER -in "$signed.p7s" -content "$signed" \
  -CAfile certificates.pem -partial_chain -purpose any -no_check_time -out /dev/null 2>/dev/null; then
  stamped=$signed.p7s
  say ok "signature: made with the key of the certificate below; compare its fingerprint"
  openssl x509 -in certificates.pem -noout -subject -dates -fingerprint -sha256
else
  stamped=$signed.p7s
  say FAILED "signature: it does not match this bag"
fi

if grep -q '^Evidence-Time-Stamp: none' bag-info.txt && [ ! -e "$stamped.tsr" ]; then
  say absent "time stamp: none; no authority was configured when the bag was made"
elif [ ! -e "$stamped.tsr" ]; then
  say FAILED "time stamp: missing; the authority did not answer, or somebody removed it"
else
  own=$(mktemp) || exit 2
  openssl ts -reply -in "$stamped.tsr" -token_out 2>/dev/null |
    openssl pkcs7 -inform DER -print_certs -out "$own" 2>/dev/null
  if openssl ts -verify -in "$stamped.tsr" -data "$stamped" -CAfile "${1:-$own}" \
    -partial_chain -no_check_time >/dev/null 2>&1; then
    say ok "time stamp: by the authority below"
    openssl ts -reply -in "$stamped.tsr" -text 2>/dev/null | grep -E '^(Time stamp|TSA):'
  else
    say FAILED "time stamp: it does not match this bag"
  fi
  rm -f "$own"
fi

[ "$bad" = 0 ] && echo "All checks hold." || echo "NOT VALID."
exit "$bad"
