extension Setting {
    /// The type, with its unit and range, as a table of docs/rules.md has it.
    package var typeInWords: String {
        switch kind {
        case .count(_, let unit, let range), .optionalCount(_, let unit, let range):
            "number of \(unit), \(range.lowerBound) to \(range.upperBound)"
        case .size(_, let range):
            "size, \(Self.words(bytes: range.lowerBound)) to \(Self.words(bytes: range.upperBound))"
        case .sizeOrUnlimited: "size or `unlimited`"
        case .duration(_, zero: false), .optionalDuration: "duration"
        case .duration(_, zero: true): "duration, may be 0"
        case .flag: "`true` or `false`"
        case .text: "text"
        case .path: "path"
        case .list(let items, _, let count):
            "list of \(items), "
                + (count.lowerBound > 0
                    ? "\(count.lowerBound) to \(count.upperBound)" : "at most \(count.upperBound)")
        case .special(let type): type
        }
    }

    /// The default, as a table of docs/rules.md has it: in code style where it could be written in a rule file.
    package var defaultInWords: String {
        let defaults = Group()
        let value: String? =
            switch kind {
            case .count(let location, _, _): "\(defaults[keyPath: location])"
            case .optionalCount(let location, _, _): defaults[keyPath: location].map { "\($0)" }
            case .size(let location, _): Self.spelling(bytes: defaults[keyPath: location])
            case .sizeOrUnlimited(let location):
                defaults[keyPath: location].map { "\($0)" } ?? "unlimited"
            case .duration(let location, _): Self.spelling(defaults[keyPath: location])
            case .optionalDuration(let location): defaults[keyPath: location].map(Self.spelling)
            case .flag(let location): "\(defaults[keyPath: location])"
            case .text(let location), .path(let location): defaults[keyPath: location]
            case .list, .special: nil
            }
        return value.map { "`\($0)`" } ?? unset ?? "none"
    }

    /// `1 KiB`.
    private static func words(bytes: Int) -> String {
        if bytes >= 1 << 20, bytes % (1 << 20) == 0 { return "\(bytes >> 20) MiB" }
        if bytes >= 1 << 10, bytes % (1 << 10) == 0 { return "\(bytes >> 10) KiB" }
        return "\(bytes) bytes"
    }

    /// `32KiB`, as a rule file has it.
    private static func spelling(bytes: Int) -> String {
        String(words(bytes: bytes).filter { $0 != " " })
    }

    /// `75s`, `1h`, `500ms`, as a rule file has it.
    private static func spelling(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
        return seconds >= 3600 && seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds)s"
    }
}
