import Balancing
import Foundation

/// One pool of a file in Golden, with what a real nginx did. Recorded by `scripts/record-balancing`.
struct RecordedPool {
    private(set) var method = BalancingMethod.roundRobin
    private(set) var members: [PoolMember] = []
    /// What nginx did for each request, or at each step.
    private(set) var words: [String] = []

    static func load(_ name: String) throws -> [RecordedPool] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).txt")
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.components(separatedBy: "\n\n").dropFirst().map { block in
            var pool = RecordedPool()
            for line in block.split(separator: "\n") {
                pool.read(line.split(separator: " ").map(String.init))
            }
            return pool
        }
    }

    private mutating func read(_ words: [String]) {
        let values = words.dropFirst()
        switch words.first {
        case "method":
            switch values.joined(separator: " ") {
            case "least_conn": method = .leastConnections
            case "ip_hash": method = .ipHash
            case "hash": method = .hash(consistent: false)
            case "hash consistent": method = .hash(consistent: true)
            default: method = .roundRobin
            }
        case "server":
            var member = PoolMember(id: values.first ?? "")
            member.settings.isBackup = values.contains("backup")
            if values.contains("down") { member.settings.administrativeState = .down }
            for value in values where value.hasPrefix("weight=") {
                member.settings.weight = UInt16(value.dropFirst("weight=".count)) ?? 0
            }
            members.append(member)
        default:
            self.words = Array(values)
        }
    }

    /// The key of a request: as in Tests/EndToEnd/harness/pools.py.
    func key(_ number: Int) -> [UInt8] {
        guard method == .ipHash else { return Array("/k/\(number * 7919 % 100_003)".utf8) }
        guard number.isMultiple(of: 2) else {
            let (group, last) = (number * 7919 % 65536, number + 1)
            let prefix = [0x20, 0x01, 0x0D, 0xB8, group >> 8, group & 0xFF]
            return (prefix + Array(repeating: 0, count: 8) + [last >> 8, last & 0xFF]).map { UInt8($0) }
        }
        return [10, number * 37 % 256, number * 101 % 256, number % 256].map { UInt8($0) }
    }

    /// The addresses of members whose positions stand in a word, such as `3>0`.
    func addresses(_ word: String) -> [String] {
        word.split(separator: ">").map { position in
            Int(position).flatMap { members.indices.contains($0) ? members[$0].id : nil } ?? "none"
        }
    }

    func address(_ index: Int?) -> String {
        index.map { members[$0].id } ?? "none"
    }
}
