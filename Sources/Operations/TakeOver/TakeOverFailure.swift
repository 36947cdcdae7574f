/// Why a process cannot take a tier over: a message for the operator.
package struct TakeOverFailure: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
