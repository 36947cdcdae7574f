import Routing

extension Translator {
    /// The `names` that the rules' targets need.
    func names(resolver: Directive?) -> [ImportedRule.Line] {
        var statics: [ImportedRule.Line] = []
        var system: NginxPlace?
        for group in groups.values.sorted(by: {
            ($0.place.file, $0.place.line) < ($1.place.file, $1.place.line)
        })
        where usedGroups[group.name] != nil {
            if group.endpoints.isEmpty, let only = group.onlyName {
                // Rules that name the group go there themselves; one whose capture names it cannot.
                if resolvedTargets != nil {
                    findings.untranslated(
                        "server \(only.host)",
                        at: only.place,
                        "a capture can name this group: write its address under `names`"
                    )
                }
                continue
            }
            statics.append(line(of: group))
        }
        let spelled = addressNames.sorted {
            ($0.value.place.line, $0.key.utf8.count, $0.key) < (
                $1.value.place.line, $1.key.utf8.count, $1.key
            )
        }
        for (name, known) in spelled {
            statics.append(
                .init(
                    text: "      \(YAMLText.quoted(name)): \(YAMLText.quoted(known.address))",
                    place: known.place
                )
            )
        }
        for name in systemNames.keys.sorted() {
            guard let place = systemNames[name] else { continue }
            if name == "localhost" {
                statics.append(.init(text: "      localhost: 127.0.0.1", place: nil))
            } else {
                system = system ?? place
            }
        }
        var sources: [ImportedRule.Line] = []
        if !statics.isEmpty { sources = [.init(text: "  - static:", place: nil)] + statics }
        if resolvedTargets != nil, let resolver, let source = dns(resolver) { sources.append(source) }
        // What stands there literally nginx asks the system for when it starts.
        if let system { sources.append(.init(text: "  - system: {}", place: system)) }
        return sources.isEmpty ? [] : [.init(text: "names:", place: nil)] + sources
    }

    private func dns(_ resolver: Directive) -> ImportedRule.Line? {
        var servers: [String] = []
        var life = ""
        for word in resolver.arguments {
            if word.text.hasPrefix("valid=") {
                guard let milliseconds = Quantities.milliseconds(String(word.text.dropFirst(6))),
                    milliseconds >= 1000
                else { continue }
                life = ", min_ttl: \(milliseconds / 1000)s, max_ttl: \(milliseconds / 1000)s"
            } else if word.text.contains("="), !word.text.hasPrefix("[") {
                findings.note(word.text, at: word.place, "left out")
            } else if let server = UpstreamGroup.split(word.text), let address = IPAddress(server.host) {
                let port = word.text.hasSuffix(":\(server.port)") ? server.port : 53
                servers.append(
                    YAMLText.quoted(address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)")
                )
            } else {
                findings.untranslated("resolver \(word.text)", at: word.place, "a name server is an address")
            }
        }
        guard !servers.isEmpty else { return nil }
        let text = "  - dns: { servers: [\(servers.joined(separator: ", "))]\(life) }"
        return .init(text: text, place: resolver.place)
    }

    private func line(of group: UpstreamGroup) -> ImportedRule.Line {
        let endpoints = group.endpoints.map { YAMLText.quoted($0) }
        let value = endpoints.count == 1 ? endpoints[0] : "[\(endpoints.joined(separator: ", "))]"
        return .init(text: "      \(YAMLText.plain(group.name)): \(value)", place: group.place)
    }
}
