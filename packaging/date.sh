# Sourced: the time that packages state, the same for the same commit. Outside a repository it is the program's.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$REPO" log -1 --format=%ct 2>/dev/null || stat -c %Y "$BERTH")
fi
export SOURCE_DATE_EPOCH
