/// The ports that the rules of a table give to targets, and how requests go there, by the targets' names.
///
/// A capture may stand for any text here: a name has all ways of the rules that may lead to it, and maybe more.
package struct TargetPorts: Sendable {
    /// Templates beyond these are not told apart.
    static let maxShapes = 256

    /// How requests go to a target.
    package struct Way: Hashable, Sendable {
        package let scheme: TargetScheme
        /// Nil: without TLS.
        package let tls: UpstreamTLS?
        /// Where no source has one.
        package let port: UInt16
    }

    private struct Shape: Hashable, Sendable {
        /// Literal texts; whatever captures give stands between them.
        let texts: [[UInt8]]
        let way: Way
    }

    private var fixed: [String: Set<Way>] = [:]
    private var all: Set<Way> = []
    /// The names that pools lead to, in place of their own targets.
    private var followers: [(texts: [[UInt8]], pool: String)] = []
    private var shapes: Set<Shape> = []
    /// There are too many shapes.
    private var isUnknown = false

    package init(_ table: RouteTable) {
        for pool in table.pools.pools {
            for (_, name) in pool.others { followers.append((Self.texts(name.fragments), pool.name)) }
        }
        for rule in table.rules {
            guard case .forward(let plan) = rule.action else { continue }
            let port = plan.fixedTarget?.port ?? plan.port ?? plan.scheme.defaultPort
            let way = Way(scheme: plan.scheme, tls: plan.settings.tls, port: port)
            if all.count < Self.maxShapes { all.insert(way) }
            if let target = plan.fixedTarget {
                fixed[target.name, default: []].insert(way)
                continue
            }
            guard !isUnknown else { continue }
            shapes.insert(Shape(texts: Self.texts(plan.name), way: way))
            if shapes.count > Self.maxShapes {
                shapes = []
                isUnknown = true
            }
        }
    }

    /// The port that every target of this name has, where a source has none.
    ///
    /// - Returns: nil: no rule may lead to it, or rules with different ports.
    package func port(of name: String) -> UInt16? {
        guard !isUnknown else { return nil }
        let ports = Set(ways(to: name).map(\.port))
        return ports.count == 1 ? ports.first : nil
    }

    /// How requests go to a target of this name, in no order; empty: no rule may lead to it.
    package func ways(to name: String) -> Set<Way> { ways(to: name, depth: 0) }

    private func ways(to name: String, depth: Int) -> Set<Way> {
        guard !isUnknown else { return all }
        var ways = fixed[name] ?? []
        let bytes = Array(name.utf8)
        for shape in shapes where !ways.contains(shape.way) && Self.matches(bytes, shape.texts) {
            ways.insert(shape.way)
        }
        guard depth <= PoolTable.maxFailovers else { return ways }
        for follower in followers where Self.matches(bytes, follower.texts) {
            if !follower.pool.hasPrefix("~") {
                ways.formUnion(self.ways(to: follower.pool, depth: depth + 1))
            } else if ways.isEmpty {
                ways = all
            }
        }
        return ways
    }

    /// The texts before, between and after variables: always one more than there are variables.
    private static func texts(_ template: Template) -> [[UInt8]] {
        texts(template.pieces.map { if case .literal(let bytes) = $0 { bytes } else { nil } })
    }

    /// - Parameter fragments: nil: a variable.
    private static func texts(_ fragments: [[UInt8]?]) -> [[UInt8]] {
        var texts: [[UInt8]] = [[]]
        for fragment in fragments {
            if let fragment { texts[texts.count - 1] += fragment } else { texts.append([]) }
        }
        return texts
    }

    private static func matches(_ name: [UInt8], _ texts: [[UInt8]]) -> Bool {
        guard let first = texts.first, let last = texts.last else { return false }
        if texts.count == 1 { return name.elementsEqual(first) }
        guard name.starts(with: first),
            name.count >= first.count + last.count, name.suffix(last.count).elementsEqual(last)
        else { return false }
        var rest = name[first.count..<(name.count - last.count)]
        for text in texts.dropFirst().dropLast() where !text.isEmpty {
            guard rest.count >= text.count,
                let start = (rest.startIndex...(rest.endIndex - text.count)).first(where: {
                    rest[$0...].starts(with: text)
                })
            else { return false }
            rest = rest[(start + text.count)...]
        }
        return true
    }
}
