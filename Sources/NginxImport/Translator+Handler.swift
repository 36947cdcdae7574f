extension Translator {
    /// What answers the requests of a location, or of a server that has none for them.
    func handle(_ context: Context, name: String, at place: NginxPlace) {
        let block = context.blocks.last ?? []
        func stop(_ cause: Untranslatable) {
            emit(context, name: name, at: place) { rule, _ in self.refuse(cause, &rule) }
        }
        if let closed = context.closed { return stop(closed) }
        if block.contains(where: { $0.name == "internal" }) {
            emit(context, name: name, at: place) { rule, _ in rule.add("respond: 404", at: place) }
            return
        }
        for name in KnownDirectives.guards.sorted() {
            guard let guarding = context.nearest(name), guarding.argument(0) != "off",
                name != "satisfy" || guarding.argument(0) == "any"
            else { continue }
            let what = guarding.words.prefix(2).map(\.text).joined(separator: " ")
            return stop(
                Untranslatable(
                    what,
                    at: guarding.place,
                    "without it nothing is let through: it is answered 501"
                )
            )
        }
        // `deny all` alone needs nothing to pass requests on to.
        if let first = access(context).first, first.clients.isEmpty, !first.isAllowed {
            let denied = context.all("deny").first?.place ?? place
            emit(context, name: name, at: denied) { rule, _ in rule.add("respond: 403", at: denied) }
            return
        }
        if let other = block.first(where: { KnownDirectives.otherHandlers.contains($0.name) }) {
            return stop(
                Untranslatable(
                    other.name,
                    at: other.place,
                    "Berth passes requests on and serves nothing itself"
                )
            )
        }
        guard let pass = block.last(where: { $0.name == "proxy_pass" }) else {
            if let files = context.nearest("root") ?? context.nearest("alias")
                ?? block.first(where: { $0.name == "autoindex" })
            {
                return stop(
                    Untranslatable(files.name, at: files.place, "Berth serves no files: answered 501")
                )
            }
            findings.note(
                "no proxy_pass",
                at: place,
                "nginx looks for a file in its default folder; here it is 404"
            )
            emit(context, name: name, at: place) { rule, _ in rule.add("respond: 404", at: place) }
            return
        }
        for (clients, isAllowed) in access(context) {
            var narrowed = context
            narrowed.condition.clients = clients
            if isAllowed {
                forward(pass, narrowed, name: name)
            } else {
                let denied = context.all("deny").first?.place ?? place
                emit(narrowed, name: name, at: denied) { rule, _ in rule.add("respond: 403", at: denied) }
            }
        }
    }

    /// Runs of `allow` and `deny`, the first that has the client counts; no clients: all.
    private func access(_ context: Context) -> [(clients: [String], isAllowed: Bool)] {
        var runs: [(clients: [String], isAllowed: Bool)] = []
        let lines =
            context.blocks.last { block in block.contains { $0.name == "allow" || $0.name == "deny" } } ?? []
        for line in lines where line.name == "allow" || line.name == "deny" {
            let isAllowed = line.name == "allow"
            guard let network = line.argument(0), network != "unix:" else { continue }
            if network == "all" { return runs + [([], isAllowed)] }
            if runs.last?.isAllowed == isAllowed {
                runs[runs.count - 1].clients.append(network)
            } else {
                runs.append(([network], isAllowed))
            }
        }
        return runs + [([], true)]
    }
}
