/// The ports that the rules of a table give to targets, by the targets' names.
///
/// A capture may stand for any text here: a name has all ports of the rules that may lead to it, and maybe more.
package struct TargetPorts: Sendable {
    /// Templates beyond these are not told apart.
    static let maxShapes = 256

    private struct Shape: Hashable, Sendable {
        /// Literal texts; whatever captures give stands between them.
        let texts: [[UInt8]]
        let port: UInt16?
    }

    private var fixed: [String: Set<UInt16?>] = [:]
    private var shapes: Set<Shape> = []
    /// There are too many shapes.
    private var isUnknown = false

    package init(_ table: RouteTable) {
        for rule in table.rules {
            guard case .forward(let plan) = rule.action else { continue }
            if let target = plan.fixedTarget {
                fixed[target.name, default: []].insert(target.port)
                continue
            }
            shapes.insert(Shape(texts: Self.texts(plan.name), port: plan.port))
            if shapes.count > Self.maxShapes {
                shapes = []
                isUnknown = true
                return
            }
        }
    }

    /// The port that every target of this name has, where a source has none.
    ///
    /// - Returns: nil: no rule may lead to it, or rules with different ports.
    package func port(of name: String, usually: UInt16) -> UInt16? {
        guard !isUnknown else { return nil }
        var ports = fixed[name] ?? []
        let bytes = Array(name.utf8)
        for shape in shapes where !ports.contains(shape.port) && Self.matches(bytes, shape.texts) {
            ports.insert(shape.port)
        }
        guard ports.count == 1, let port = ports.first else { return nil }
        return port ?? usually
    }

    /// The texts before, between and after variables: always one more than there are variables.
    private static func texts(_ template: Template) -> [[UInt8]] {
        var texts: [[UInt8]] = [[]]
        for piece in template.pieces {
            if case .literal(let bytes) = piece { texts[texts.count - 1] += bytes } else { texts.append([]) }
        }
        return texts
    }

    private static func matches(_ name: [UInt8], _ texts: [[UInt8]]) -> Bool {
        guard let first = texts.first, let last = texts.last, name.starts(with: first),
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
