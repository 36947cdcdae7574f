import Bytes

/// The names that a tier has loaded, for people: a line for each endpoint.
package enum LoadedNamesText {
    package static func table(_ names: LoadedNames) -> String {
        var lines = [["NAME", "ENDPOINT", "STATE", "AGE", "SOURCE"]]
        for name in names.names {
            for endpoint in name.endpoints {
                let remarks = name.remarks?[endpoint] ?? []
                lines.append([
                    Printable.text(name.name), Printable.text(endpoint),
                    remarks.isEmpty ? "-" : Printable.text(remarks.joined(separator: ", ")),
                    name.ageSeconds.map { NameListing.span(Int64($0)) } ?? "-",
                    Printable.text(name.source) + (name.hidden ? " (hidden)" : ""),
                ])
            }
        }
        return TextColumns.text(lines)
    }
}
