import Foundation

/// The folder of `--state-dir` cannot be created.
package struct StateDirectoryError: Error, CustomStringConvertible {
    package let path: String
    package let reason: String

    /// - Parameter cause: what Foundation's file manager throws.
    init(path: String, cause: any Error) {
        self.path = path
        let system = (cause as? CocoaError)?.underlying as? POSIXError
        self.reason = system.map { String(cString: strerror($0.code.rawValue)) } ?? "\(cause)"
    }

    package var description: String { "\(path): cannot create the state directory: \(reason)" }
}
