import Bytes
import Glibc
package import SystemSupport

/// The file that keeps what operators have set of a tier. Blocks.
package struct KeptStateFile: Sendable {
    /// The maximum size, bytes.
    private static let maxBytes = 64 << 20

    package let path: String

    package init(path: String) { self.path = path }

    /// - Parameters:
    ///   - admin: the tier's control socket: each has a file of its own.
    ///   - stateDirectory: nil: the file is beside the socket.
    package init(_ admin: ControlAddress, stateDirectory: String?) {
        let absolute = Self.absolute(admin.path)
        let name = absolute.split(separator: "/").last.map(String.init) ?? "admin"
        let file = "control-\(name)-\(Self.checksum(absolute)).json"
        self.init(path: stateDirectory.map { "\($0)/\(file)" } ?? admin.path + ".state")
    }

    /// The file of something else than a control socket.
    ///
    /// - Parameter source: distinguishes it from others.
    init(folder: String, name: String, of source: String) {
        self.init(path: "\(folder)/control-\(name)-\(Self.checksum(source)).json")
    }

    /// - Returns: an empty state if the file does not exist.
    package func read() throws(KeptStateError) -> KeptState { try readIfPresent() ?? KeptState() }

    /// - Returns: nil if the file does not exist.
    func readIfPresent() throws(KeptStateError) -> KeptState? {
        WholeFile.removeLeftovers(of: path)
        let bytes: [UInt8]?
        do throws(FileError) {
            bytes = try WholeFile.read(path, limit: Self.maxBytes, followsLinks: false)
        } catch {
            throw KeptStateError(path: path, reason: error.reason)
        }
        guard let bytes else { return nil }
        do throws(RecordFlaw) {
            return try KeptState(decoding: bytes)
        } catch {
            throw KeptStateError(path: path, reason: Printable.text(error.description))
        }
    }

    /// The new state is there also after a power failure; or, where it throws, the one before.
    package func write(_ state: KeptState) throws(FileError) {
        try WholeFile.write(state.encoded(), to: path, mode: 0o600, isDurable: true)
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }

    /// FNV-1a, 32 bits: sockets of one name in different folders have different files.
    private static func checksum(_ text: String) -> String {
        var sum: UInt32 = 0x811c_9dc5
        for byte in text.utf8 { sum = (sum ^ UInt32(byte)) &* 0x0100_0193 }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}

/// Why a tier does not start: a message for the operator.
package struct KeptStateError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String {
        "\(path): the kept state cannot be used: \(reason). It has the targets that operators have paused, stopped and "
            + "deployed, and the states of endpoints. Repair the file or restore it; remove it to start without them"
    }
}
