/// The folder of `--state-dir` cannot be created.
package struct StateDirectoryError: Error, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): cannot create the state directory: \(reason)" }
}
