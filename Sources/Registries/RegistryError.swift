/// Settings of a registry that cannot be used, in words.
package struct RegistryError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
