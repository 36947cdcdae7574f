import Balancing
package import Names
import Routing
package import SystemSupport

/// The last snapshot of a source in a file, for a start while its registry is unreachable.
///
/// Text with one line for each address. The first line is the version, the last one the count and the checksum of
/// the lines between: a file that is truncated, or of another version, is not used.
///
///     berth-names 1
///     host_01<TAB>10.0.0.5<TAB>9000<TAB>1<TAB>7f3a
///     end 1 2d9cb2d7b3b9e2b0
///
/// Version 2 has another column: `drain`, `down`, `backup`, `max_conns 5`, separated by commas, or `-`. It is written
/// only where an address has any, so that an earlier Berth reads all other files.
package struct SnapshotFile: Sendable {
    /// The maximum size of a file, bytes.
    static let maxBytes = 256 << 20
    private static let version = "berth-names 1"
    private static let versionWithRemarks = "berth-names 2"

    package let path: String

    package init(path: String) { self.path = path }

    /// The file of one source in the state directory.
    ///
    /// - Parameter source: distinguishes the source from others.
    package init(folder: String, source: String) {
        let checksum = Self.checksum(Array(source.utf8)[...])
        self.init(path: "\(folder)/etcd-\(String(checksum, radix: 16)).names")
    }

    /// Writes a new file, flushes it to the disk and renames it over the old one: a reader sees one or the other,
    /// also after a power failure.
    package func write(_ names: [String: [NamedAddress]]) throws(FileError) {
        try WholeFile.write(Self.encode(names), to: path, mode: 0o600, isDurable: true)
    }

    /// The names of the file; nil when there is no file.
    package func read() throws(FileError) -> [String: [NamedAddress]]? {
        WholeFile.removeLeftovers(of: path)
        guard let bytes = try WholeFile.read(path, limit: Self.maxBytes, followsLinks: false) else {
            return nil
        }
        return try decode(bytes)
    }

    static func encode(_ names: [String: [NamedAddress]]) -> [UInt8] {
        // What checks found holds for a moment.
        let names = names.mapValues { addresses in
            addresses.contains { $0.health != nil } ? addresses.map(Self.withoutHealth) : addresses
        }
        let hasRemarks = names.values.contains { $0.contains { !$0.remarks.isEmpty } }
        var bytes = Array("\(hasRemarks ? versionWithRemarks : version)\n".utf8)
        var count = 0
        for (name, addresses) in names {
            for address in addresses {
                let port = address.port.map { String($0) } ?? "-"
                let remarks = address.remarks.isEmpty ? "-" : address.remarks.joined(separator: ",")
                let line =
                    "\(name)\t\(address.address)\t\(port)\t\(address.weight)\t\(address.identity ?? "-")"
                    + (hasRemarks ? "\t\(remarks)\n" : "\n")
                bytes.append(contentsOf: line.utf8)
                count += 1
            }
        }
        bytes.append(contentsOf: "end \(count) \(String(checksum(bytes[...]), radix: 16))\n".utf8)
        return bytes
    }

    private func decode(_ bytes: [UInt8]) throws(FileError) -> [String: [NamedAddress]] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let hasRemarks = lines.first.map { $0.elementsEqual(Self.versionWithRemarks.utf8) } ?? false
        guard hasRemarks || lines.first.map({ $0.elementsEqual(Self.version.utf8) }) == true else {
            throw FileError(path: path, reason: "not a snapshot of this version")
        }
        // A complete file ends with the last line and its line end.
        guard lines.count >= 3, lines[lines.count - 1].isEmpty else {
            throw FileError(path: path, reason: "the snapshot is truncated")
        }
        let last = lines[lines.count - 2]
        let sum = String(Self.checksum(bytes[..<last.startIndex]), radix: 16)
        guard last.elementsEqual("end \(lines.count - 3) \(sum)".utf8) else {
            throw FileError(path: path, reason: "the snapshot is damaged")
        }
        var names: [String: [NamedAddress]] = [:]
        for line in lines[1..<(lines.count - 2)] {
            let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard parts.count == (hasRemarks ? 6 : 5), let address = IPAddress(parts[1]),
                let weight = UInt16(parts[3])
            else {
                throw FileError(path: path, reason: "the snapshot has a malformed line")
            }
            var named = NamedAddress(
                address: address,
                port: UInt16(parts[2]),
                weight: weight,
                identity: parts[4] == "-" ? nil : parts[4]
            )
            if hasRemarks { Self.read(parts[5], into: &named) }
            names[parts[0], default: []].append(named)
        }
        return names
    }

    private static func withoutHealth(_ address: NamedAddress) -> NamedAddress {
        var address = address
        address.health = nil
        return address
    }

    private static func read(_ remarks: String, into address: inout NamedAddress) {
        for remark in remarks.split(separator: ",") {
            switch remark {
            case "drain": address.state = .drain
            case "down": address.state = .down
            case "backup": address.isBackup = true
            case _ where remark.hasPrefix("max_conns "):
                address.maxConnections = Int32(remark.dropFirst("max_conns ".count))
            default: break
            }
        }
    }

    /// FNV-1a, 64 bits: detects damage, not forgery.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return sum
    }
}
