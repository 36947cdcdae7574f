/// Why a command ends without having done its work: the message and the exit code.
struct CommandFailure: Error {
    let message: String
    let code: Int32

    /// - Parameter code: 2: a configuration, a file, an address or the command line cannot be used.
    init(_ message: String, code: Int32 = 2) {
        self.message = message
        self.code = code
    }
}
