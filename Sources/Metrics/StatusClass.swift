/// The first digit of a status, as metrics count it.
package enum StatusClass {
    /// Those of 1 to 5, and 0 for requests that ended without a status.
    package static let count = 6

    /// - Returns: from 0 to 5.
    package static func index(of status: Int) -> Int {
        status >= 100 && status < 600 ? status / 100 : 0
    }

    /// `2xx`; `none` for 0.
    package static func name(_ index: Int) -> String { index > 0 ? "\(index)xx" : "none" }
}
