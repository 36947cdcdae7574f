/// Settings of a registry that cannot be used.
package struct RegistryError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
