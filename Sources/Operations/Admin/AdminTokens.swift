import Bytes
import Glibc
import Logging
import NIOConcurrencyHelpers
import SystemSupport

/// The tokens of the admin interface, in a file that is followed while the tier runs: a new token needs no restart.
///
/// A file that cannot be used any longer leaves the tokens before it in force, and is logged. Any thread.
final class AdminTokens: Sendable {
    private struct State {
        var tokens: [AdminTokenFile.Token]
        var watcher: FileWatcher?
        /// Why the file could not be read last: the same reason is logged once.
        var reported: String?
    }

    private let path: String
    private let logger: Logger
    private let state: NIOLockedValueBox<State>

    /// Reads the file. Blocks.
    init(path: String, logger: Logger) throws(AdminTokenError) {
        self.path = path
        self.logger = logger
        state = NIOLockedValueBox(State(tokens: try AdminTokenFile.read(path)))
    }

    /// Follows the file.
    func start() {
        do throws(SystemError) {
            let watcher = try FileWatcher(path: path) { [weak self] in self?.reload() ?? true }
            state.withLockedValue { $0.watcher = watcher }
            // What has changed since it was read.
            _ = reload()
        } catch {
            logger.warning(
                "the token file cannot be watched: another token needs a restart",
                metadata: ["path": "\(path)", "reason": "\(error.reason)"]
            )
        }
    }

    func stop() {
        state.withLockedValue { state in
            defer { state.watcher = nil }
            return state.watcher
        }?.stop()
    }

    /// What the bearer of a token may do; nil: it is none.
    func level(of presented: [UInt8]) -> ControlRoute.Level? {
        var found: ControlRoute.Level?
        // All of them, so that the time does not tell which one was nearly right.
        for token in state.withLockedValue({ $0.tokens }) where token.equals(presented) {
            found = max(found ?? .open, token.level)
        }
        return found
    }

    /// - Returns: whether it could be read.
    private func reload() -> Bool {
        do throws(AdminTokenError) {
            let tokens = try AdminTokenFile.read(path)
            let isNew = state.withLockedValue { state in
                defer { (state.tokens, state.reported) = (tokens, nil) }
                return state.tokens != tokens
            }
            if isNew {
                logger.notice(
                    "admin tokens reloaded",
                    metadata: ["path": "\(path)", "tokens": "\(tokens.count)"]
                )
            }
            return true
        } catch {
            let isNew = state.withLockedValue { state in
                defer { state.reported = error.reason }
                return state.reported != error.reason
            }
            if isNew {
                logger.error(
                    "admin tokens not reloaded: the ones before stay in force",
                    metadata: ["path": "\(path)", "reason": "\(error.reason)"]
                )
            }
            return false
        }
    }
}

/// A file of tokens: a line each, `read TOKEN` or `operate TOKEN`; a line with a token alone is for `operate`. Empty lines
/// and those that begin with `#` mean nothing.
package enum AdminTokenFile {
    struct Token: Sendable, Equatable {
        let level: ControlRoute.Level
        let bytes: [UInt8]

        /// Takes the same time for every token of the same length, whatever its bytes are.
        func equals(_ other: [UInt8]) -> Bool {
            guard !bytes.isEmpty else { return false }
            var difference = UInt8(other.count == bytes.count ? 0 : 1)
            for (index, byte) in other.enumerated() { difference |= byte ^ bytes[index % bytes.count] }
            return difference == 0
        }
    }

    /// The fewest bytes of a token, and the most.
    static let tokenBytes = 16...1024
    static let maxTokens = 64
    private static let maxBytes = 1 << 20

    /// - Throws: where the file is not there, has no token, or other users may read or write it. Blocks.
    static func read(_ path: String) throws(AdminTokenError) -> [Token] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw AdminTokenError(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & 0o007 == 0 else {
            throw AdminTokenError(path: path, reason: "other users may use the file: chmod o= \(path)")
        }
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try WholeFile.read(path, limit: maxBytes) } catch {
            throw AdminTokenError(path: path, reason: error.reason)
        }
        return try parse(bytes ?? [], path)
    }

    static func parse(_ bytes: [UInt8], _ path: String) throws(AdminTokenError) -> [Token] {
        var tokens: [Token] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            let token: Token? =
                switch (words.count, String(decoding: first, as: UTF8.self)) {
                case (1, _): Token(level: .operate, bytes: Array(first))
                case (2, "read"): Token(level: .read, bytes: Array(words[1]))
                case (2, "operate"): Token(level: .operate, bytes: Array(words[1]))
                default: nil
                }
            // The text of the line is a secret.
            guard let token else {
                throw AdminTokenError(
                    path: "\(path):\(index + 1)",
                    reason: "the line is not like `operate TOKEN` or `read TOKEN`"
                )
            }
            guard tokenBytes.contains(token.bytes.count), token.bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else {
                throw AdminTokenError(
                    path: "\(path):\(index + 1)",
                    reason:
                        "a token has \(tokenBytes.lowerBound) to \(tokenBytes.upperBound) printable ASCII "
                        + "characters: openssl rand -hex 32"
                )
            }
            tokens.append(token)
        }
        guard !tokens.isEmpty else { throw AdminTokenError(path: path, reason: "the file has no token") }
        guard tokens.count <= maxTokens else {
            throw AdminTokenError(path: path, reason: "the file has more than \(maxTokens) tokens")
        }
        return tokens
    }

    /// The token of a file with which a command may do most. Blocks.
    package static func strongest(in path: String) throws(AdminTokenError) -> String {
        let tokens = try read(path)
        let best = tokens.first { $0.level == .operate } ?? tokens.first
        return String(decoding: best?.bytes ?? [], as: UTF8.self)
    }
}

/// Why a file of tokens cannot be used: a message for the operator, without any part of a token.
package struct AdminTokenError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "--admin-token-file: \(path): \(reason)" }
}
