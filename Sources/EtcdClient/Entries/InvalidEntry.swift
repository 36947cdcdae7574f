/// Why a key or a value is not valid; the description names the field.
package struct InvalidEntry: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
