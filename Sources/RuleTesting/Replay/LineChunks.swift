import Glibc
import NIOConcurrencyHelpers

/// Reads a file or a pipe in chunks of whole lines. Safe to use from several threads.
final class LineChunks: Sendable {
    struct Chunk {
        /// Whole lines; the last one may lack its newline.
        let bytes: [UInt8]
        /// The number of its first line, from 1.
        let firstLine: Int
    }

    private struct State {
        /// The beginning of a line whose end has not been read yet.
        var carry: [UInt8] = []
        var line = 1
        var read = 0
        var isSkipping = false
        var tooLong = 0
        var firstTooLong = 0
        var failure: String?
        var atEnd = false
    }

    /// The size of one read, in bytes.
    private static let chunkBytes = 1 << 20
    /// The maximum length of a line in bytes. Longer lines are counted and skipped.
    static let maxLineBytes = 1 << 20

    private let descriptor: CInt
    private let state = NIOLockedValueBox(State())
    /// The file's size in bytes; nil for a pipe.
    let size: Int?

    /// - Parameter path: a file; `-` is standard input.
    init(_ path: String) throws(ReplayFailure) {
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ReplayFailure("\(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        size = isFile ? Int(status.st_size) : nil
    }

    deinit {
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    /// The next lines; nil at the end.
    func next() -> Chunk? {
        state.withLockedValue { state in next(&state) }
    }

    var bytesRead: Int { state.withLockedValue { $0.read } }
    var failure: String? { state.withLockedValue { $0.failure } }
    /// The number of lines longer than `maxLineBytes`, and the line number of the first.
    var tooLong: (count: Int, first: Int) { state.withLockedValue { ($0.tooLong, $0.firstTooLong) } }

    private func next(_ state: inout State) -> Chunk? {
        while true {
            if state.atEnd {
                guard !state.carry.isEmpty else { return nil }
                let bytes = state.carry
                state.carry = []
                return chunk(bytes, &state)
            }
            let known = state.carry.count
            var bytes = state.carry
            fill(&bytes, &state)
            // The bytes before `known` contain no newline.
            var end = bytes.count
            while end > known, bytes[end - 1] != UInt8(ascii: "\n") { end -= 1 }
            if end > known {
                state.carry = Array(bytes[end...])
                bytes.removeSubrange(end...)
                if state.isSkipping {
                    skip(&bytes, &state)
                    if bytes.isEmpty { continue }
                }
                return chunk(bytes, &state)
            }
            if bytes.count > Self.maxLineBytes || state.isSkipping {
                if !state.isSkipping {
                    state.isSkipping = true
                    state.tooLong += 1
                    if state.firstTooLong == 0 { state.firstTooLong = state.line }
                }
                bytes.removeAll()
            }
            state.carry = bytes
        }
    }

    /// Drops the rest of a line that is too long.
    private func skip(_ bytes: inout [UInt8], _ state: inout State) {
        state.isSkipping = false
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return }
        bytes.removeSubrange(...end)
        state.line += 1
    }

    private func chunk(_ bytes: [UInt8], _ state: inout State) -> Chunk {
        let first = state.line
        var lines = 0
        for byte in bytes where byte == UInt8(ascii: "\n") { lines += 1 }
        state.line += lines
        return Chunk(bytes: bytes, firstLine: first)
    }

    private func fill(_ bytes: inout [UInt8], _ state: inout State) {
        let known = bytes.count
        var count = 0
        repeat {
            bytes.reserveCapacity(known + Self.chunkBytes)
            let fresh = [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { buffer, filled in
                count = read(descriptor, buffer.baseAddress, buffer.count)
                filled = max(0, count)
            }
            bytes += fresh
        } while count < 0 && errno == EINTR
        if count < 0 { state.failure = String(cString: strerror(errno)) }
        if count <= 0 {
            state.atEnd = true
            if state.isSkipping { bytes.removeAll() }
        }
        state.read += max(0, count)
    }
}
