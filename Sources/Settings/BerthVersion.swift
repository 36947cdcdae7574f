/// The version of this program.
package enum BerthVersion {
    package static let current = "0.1.0"
}
