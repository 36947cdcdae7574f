/// Why a log cannot be replayed.
package struct ReplayFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
