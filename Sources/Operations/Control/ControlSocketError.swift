/// Why there is no control socket: a message for the operator.
package struct ControlSocketError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "--admin: \(path): \(reason)" }
}
