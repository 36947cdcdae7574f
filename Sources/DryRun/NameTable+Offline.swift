package import Names
package import RoutingConfig

extension NameTable {
    /// What the sources of a rule file know without a network: names in the file and in hosts files. A source
    /// that would have to be queried stays unresolved.
    ///
    /// - Throws: a hosts file that cannot be read.
    package convenience init(offline sources: [NameSourceSettings]) throws(NameSourceError) {
        var layers: [NameLayer] = []
        for source in sources {
            switch source {
            case .pools(let pools, origin: _):
                layers.append(try Self.layer(.pools(pools)))
            case .static(let names, origin: _):
                var known: [String: [NamedAddress]] = [:]
                for name in names {
                    known[name.name] = name.endpoints.map { NamedAddress(address: $0.address, port: $0.port) }
                }
                layers.append(try Self.layer(.fixed(known)))
            case .hostsFile(let path, origin: _):
                layers.append(try Self.layer(.hostsFile(path: path)))
            case .etcd, .containers, .dns, .system:
                layers.append(NameLayer(source: "", content: .cold))
            }
        }
        self.init(layers: layers)
    }

    private static func layer(_ source: NameSource) throws(NameSourceError) -> NameLayer {
        guard case .live(let live) = source.kind, let names = try live.initialNames() else {
            return NameLayer(source: source.label, content: .cold, isLocal: source.isLocal)
        }
        return NameLayer(source: source.label, names: names, isLocal: source.isLocal)
    }
}
