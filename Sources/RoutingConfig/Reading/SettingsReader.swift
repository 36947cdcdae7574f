import Settings

/// Reads settings by their table: `Settings` declares keys, types, ranges and where the values are kept.
extension NodeReader {
    /// Takes the value of a setting over into its group; an unfit value is reported and changes nothing.
    ///
    /// - Parameter special: reads a setting whose value has a form of its own.
    func read<Group: SettingGroup>(
        _ setting: Setting<Group>,
        _ node: YAMLNode,
        into group: inout Group,
        special: (String, YAMLNode, inout Group) -> Void = { _, _, _ in }
    ) {
        let name = "`\(Group.name).\(setting.key)`"
        switch setting.kind {
        case .count(let location, _, let range):
            if let value = integer(node, name, in: range) { group[keyPath: location] = value }
        case .optionalCount(let location, _, let range):
            if let value = integer(node, name, in: range) { group[keyPath: location] = value }
        case .size(let location, let range):
            let bytes = UInt64(range.lowerBound)...UInt64(range.upperBound)
            if let value = self.bytes(node, name, in: bytes) { group[keyPath: location] = Int(value) }
        case .sizeOrUnlimited(let location):
            if let value = bytesOrUnlimited(node, name) {
                group[keyPath: location] = value == .max ? nil : value
            }
        case .duration(let location, let zero):
            if let value = duration(node, name, zero: zero) { group[keyPath: location] = value }
        case .optionalDuration(let location):
            if let value = duration(node, name) { group[keyPath: location] = value }
        case .flag(let location):
            if let value = flag(node, name) { group[keyPath: location] = value }
        case .text(let location):
            guard let text = text(node, name) else { return }
            if text.isEmpty { return report(.badValue, node, "\(name) must not be empty") }
            group[keyPath: location] = text
        case .path(let location):
            if let path = path(node, name) { group[keyPath: location] = path }
        case .list(_, let example, let count):
            guard let items = list(node, name, example: example) else { return }
            guard count.contains(items.count) else {
                let number = items.isEmpty ? "none" : "\(items.count)"
                let bounds = "\(count.lowerBound) to \(count.upperBound)"
                return report(.badValue, node, "\(name) must have \(bounds) items, not \(number)")
            }
            special(setting.key, node, &group)
        case .special:
            special(setting.key, node, &group)
        }
    }

    /// The path of a file, counted from the folder of the rule file.
    func path(_ node: YAMLNode, _ key: String) -> String? {
        guard let path = text(node, key) else { return nil }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            report(.badValue, node, "\(key) must be the path of a file")
            return nil
        }
        return RuleFiles.resolve(path, relativeTo: source.file)
    }
}
