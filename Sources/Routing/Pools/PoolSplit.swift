import Bytes

/// How the requests of a target are split between other targets, its parts.
public struct PoolSplit: Sendable {
    private struct Condition: Sendable {
        enum Field: Sendable {
            /// In lower case.
            case header([UInt8])
            case cookie([UInt8])
        }

        let field: Field
        /// Nil: any.
        let value: [UInt8]?
        let part: Int
        /// For people: `header X-Canary`.
        let words: String
    }

    /// As it is written.
    public let items: [SplitItem]
    /// Each once, in the order of the items.
    public let parts: [TargetName]
    /// Of each part; 0: it gets only requests of its conditions.
    public let weights: [UInt16]
    /// The part of each item.
    let partOfItem: [Int]
    private let conditions: [Condition]

    /// - Parameters:
    ///   - items: as written.
    ///   - names: the name of each item.
    init(_ items: [SplitItem], names: [TargetName]) {
        self.items = items
        var parts: [TargetName] = []
        var weights: [UInt16] = []
        var conditions: [Condition] = []
        var partOfItem: [Int] = []
        for (item, name) in zip(items, names) {
            let part: Int
            if let known = parts.firstIndex(where: { $0.isSame(as: name) }) {
                part = known
            } else {
                part = parts.count
                parts.append(name)
                weights.append(0)
            }
            partOfItem.append(part)
            switch item.share {
            case .weight(let weight):
                weights[part] = weight
            case .header(let field, let value):
                conditions.append(
                    Condition(
                        field: .header(field.utf8.map(ASCII.lowercased)),
                        value: value.map { Array($0.utf8) },
                        part: part,
                        words: "header \(field)"
                    )
                )
            case .cookie(let cookie, let value):
                conditions.append(
                    Condition(
                        field: .cookie(Array(cookie.utf8)),
                        value: value.map { Array($0.utf8) },
                        part: part,
                        words: "cookie \(cookie)"
                    )
                )
            }
        }
        self.parts = parts
        self.weights = weights
        self.partOfItem = partOfItem
        self.conditions = conditions
    }

    /// The part whose condition a request fulfils, the first that is written; nil: weights decide.
    ///
    /// - Returns: also what decided, for people.
    package func part(for headers: HeaderLookup) -> (part: Int, why: String)? {
        for condition in conditions where Self.holds(condition, headers) {
            return (condition.part, condition.words)
        }
        return nil
    }

    private static func holds(_ condition: Condition, _ headers: HeaderLookup) -> Bool {
        switch condition.field {
        case .header(let name):
            headers(name) { value in
                guard let wanted = condition.value else { return true }
                return value.equals(wanted.span)
            }
        case .cookie(let name):
            headers(Array("cookie".utf8)) { field in
                guard let range = CookieField.value(of: name, in: field) else { return false }
                guard let wanted = condition.value else { return true }
                return field.extracting(range).equals(wanted.span)
            }
        }
    }
}
