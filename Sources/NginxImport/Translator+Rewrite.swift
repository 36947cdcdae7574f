extension Translator {
    /// Follows `set`, `if`, `rewrite` and `return` of a block, in their order.
    ///
    /// - Returns: whether they answer every request, so that nothing behind them counts.
    func rewritePhase(_ block: [Directive], _ context: inout Context, name: String) -> Bool {
        for directive in block {
            do throws(Untranslatable) {
                switch directive.name {
                case "set":
                    guard let variable = directive.argument(0), let value = directive.argument(1) else {
                        continue
                    }
                    context.sets[variable.dropFirst().lowercased()] = try bind(
                        value,
                        context,
                        at: directive.place
                    )
                case "break": return false
                case "return":
                    answer(directive, context, name: name)
                    return true
                case "rewrite": try rewrite(directive, &context, name: name)
                case "if": try branch(directive, &context, name: name)
                default: continue
                }
            } catch {
                findings.untranslated(error.what, at: error.place, error.why)
                if directive.name == "if", Self.refuses(directive) { context.closed = error }
            }
        }
        return false
    }

    /// Whether an `if` is there to keep requests out.
    private static func refuses(_ directive: Directive) -> Bool {
        (directive.block ?? []).contains { $0.name == "return" && ($0.argument(0) ?? "").hasPrefix("4") }
    }

    // MARK: return

    func answer(_ directive: Directive, _ context: Context, name: String) {
        let place = directive.place
        let first = directive.argument(0) ?? ""
        let text = Int(first) == nil ? first : directive.argument(1)
        let status = Int(first) ?? 302
        let isRedirect = [301, 302, 303, 307, 308].contains(status) && text != nil
        do throws(Untranslatable) {
            let values = [try bind(text ?? "", context, at: place)]
            for variant in try expand(values, context, at: place) {
                var narrowed = context
                narrowed.condition = variant.condition
                let parts = variant.values[0]
                let used = Self.captures(variant.values)
                emit(narrowed, name: name, at: place, used: used) { rule, naming throws(Untranslatable) in
                    if isRedirect {
                        try self.redirect(parts, status: status, naming, narrowed, at: place, &rule)
                    } else {
                        try self.respond(parts, status: status, narrowed, at: place, &rule)
                    }
                }
            }
        } catch {
            emit(context, name: name, at: place) { rule, _ in self.refuse(error, &rule) }
        }
    }

    func redirect(
        _ parts: [Part],
        status: Int,
        _ naming: Naming,
        _ context: Context,
        at place: NginxPlace,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        let text = try template(parts, .url, naming, context, at: place)
        let begins = ["/", "http://", "https://", "${scheme}://", "${uri}", "${path}"].contains {
            text.hasPrefix($0)
        }
        guard begins else {
            throw Untranslatable("redirect", at: place, "its URL begins neither with a scheme nor with `/`")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw Untranslatable(
                "redirect",
                at: place,
                "a URL cannot have these characters: percent-encode them"
            )
        }
        rule.add("redirect: \(YAMLText.quoted(text))", at: place)
        if status != 302 { rule.add("status: \(status)", at: nil) }
    }

    private func respond(
        _ parts: [Part],
        status: Int,
        _ context: Context,
        at place: NginxPlace,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        guard let body = ValueText.literal(parts) else {
            throw Untranslatable("return \(status)", at: place, "a rule's answer has no variables")
        }
        if status == 444 {
            findings.untranslated(
                "return 444",
                at: place,
                "Berth answers, here with 403, before it closes a connection"
            )
            rule.add("respond: 403", at: place)
            return
        }
        guard (200...599).contains(status) else {
            throw Untranslatable("return \(status)", at: place, "a rule answers with 200 to 599")
        }
        if body.isEmpty {
            rule.add("respond: \(status)", at: place)
            return
        }
        let type = context.nearest("default_type")?.argument(0) ?? "text/plain"
        let typed = type == "text/plain" ? "" : ", content_type: \(YAMLText.quoted(type))"
        rule.add("respond: { status: \(status), body: \(YAMLText.quoted(body))\(typed) }", at: place)
    }

    // MARK: rewrite

    private func rewrite(_ directive: Directive, _ context: inout Context, name: String)
        throws(Untranslatable)
    {
        let place = directive.place
        guard let pattern = directive.argument(0), var target = directive.argument(1) else { return }
        let flag = directive.argument(2)
        let what = "rewrite \(pattern)"
        let regex = makeRegex(pattern, false, place)
        if let why = PatternNames.fault(regex) { throw Untranslatable(what, at: place, why) }
        let redirects =
            flag == "redirect" || flag == "permanent"
            || ["http://", "https://", "$scheme"].contains { target.hasPrefix($0) }
        guard redirects else {
            guard flag == "break", context.location != nil else {
                throw Untranslatable(what, at: place, "it would choose the location anew")
            }
            guard context.rewrite == nil else {
                throw Untranslatable(what, at: place, "a rule rewrites the path once")
            }
            var inside = context
            inside.active.append(regex)
            var parts = try bind(target, inside, at: place)
            if case .literal(let last)? = parts.last, last.hasSuffix("?") {
                findings.note(what, at: place, "the query goes on: nginx would drop it")
                parts[parts.count - 1] = .literal(String(last.dropLast()))
            }
            context.rewrite = (regex, ValueText.joined(parts), place)
            return
        }
        guard let path = context.condition.path.and(regex) else {
            throw Untranslatable(
                what,
                at: place,
                "a rule has one expression for its path, and the location has one too"
            )
        }
        // The query is appended, unless the last sign is `?`.
        if target.hasSuffix("?") {
            target = String(target.dropLast())
        } else if target.contains("?") {
            findings.note(what, at: place, "the request's own query is not appended to the one that is here")
        } else {
            target += "$is_args$args"
        }
        var inside = context
        inside.condition.path = path
        inside.pathPlace = place
        inside.active.append(regex)
        let status = flag == "permanent" ? 301 : 302
        let parts = try bind(target, inside, at: place)
        for variant in try expand([parts], inside, at: place) {
            var narrowed = inside
            narrowed.condition = variant.condition
            emit(narrowed, name: "\(name):\(place.line)", at: place, used: Self.captures(variant.values)) {
                rule,
                naming throws(Untranslatable) in
                try self.redirect(variant.values[0], status: status, naming, narrowed, at: place, &rule)
            }
        }
    }

    // MARK: if

    private func branch(_ directive: Directive, _ context: inout Context, name: String) throws(Untranslatable)
    {
        let place = directive.place
        let inner = directive.block ?? []
        let what = directive.words.map(\.text).joined(separator: " ")
        let answers = inner.allSatisfy { inner in
            inner.name == "return"
                || (inner.name == "rewrite" && ["redirect", "permanent"].contains(inner.argument(2)))
        }
        guard answers, !inner.isEmpty else {
            throw Untranslatable(
                what,
                at: place,
                "an `if` that answers or redirects can be a rule; this one does something else"
            )
        }
        guard let test = try condition(directive, context, what) else { return }
        var inside = context
        inside.blocks.append(inner)
        inside.active += test.active
        switch context.condition.and(test.condition) {
        case .never: return
        case .inexpressible:
            throw Untranslatable(what, at: place, "a rule cannot hold this condition beside its others")
        case .both(let both): inside.condition = both
        }
        inside.hostPlace =
            test.condition.host.base == .any && test.condition.host.patterns.isEmpty
            ? inside.hostPlace : place
        if rewritePhase(inner, &inside, name: "\(name):\(place.line)"), test.isAlways {
            // Nothing behind it is reached, but what follows costs nothing.
            context.closed = nil
        }
    }

    private struct Test {
        var condition = RuleCondition()
        var active: [NginxRegex] = []
        var isAlways = false
    }

    /// Nil: it never holds.
    private func condition(_ directive: Directive, _ context: Context, _ what: String) throws(Untranslatable)
        -> Test?
    {
        let place = directive.place
        func fail(_ why: String) -> Untranslatable { Untranslatable(what, at: place, why) }
        var words = directive.arguments.map(\.text)
        if words.first?.hasPrefix("(") == true { words[0].removeFirst() }
        if words.last?.hasSuffix(")") == true { words[words.count - 1].removeLast() }
        words.removeAll { $0.isEmpty }
        guard words.count == 3 || words.count == 2, words[0].hasPrefix("$") else {
            throw fail("rules cannot ask this")
        }
        let (sign, value) = (words[1], words.count == 3 ? words[2] : "")
        let bound = try bind(words[0], context, at: place)
        let known: String?
        if bound.count == 1, case .variable(let name) = bound[0] {
            known = constant(name, context)
        } else {
            known = ValueText.literal(bound)
        }
        if let known, sign == "=" || sign == "!=" {
            return (known == value) == (sign == "=") ? Test(isAlways: true) : nil
        }
        guard bound.count == 1, case .variable(let variable) = bound[0] else {
            throw fail("rules cannot ask this")
        }
        var test = Test()
        switch (variable, sign) {
        case ("host", "="), ("http_host", "="):
            guard ServerName.isHost(value.lowercased()),
                variable == "http_host" || value == value.lowercased()
            else { return nil }
            test.condition.host = HostCondition(base: .names([value.lowercased()]))
        case ("host", "!="), ("http_host", "!="):
            let regex = makeRegex("^(?!\(RegexText.escaped(value))$).*$", true, place)
            test.condition.host = HostCondition(patterns: [regex])
        case ("host", "~"), ("host", "~*"), ("http_host", "~"), ("http_host", "~*"):
            let regex = makeRegex(value, sign == "~*", place)
            if let why = whyUnusable(regex) { throw fail(why) }
            test.condition.host = HostCondition(patterns: [regex])
            test.active = [regex]
        case ("host", "!~"), ("host", "!~*"):
            let regex = makeRegex(value, sign == "!~*", place)
            if let why = whyUnusable(regex) ?? regex.whyNotWrapped { throw fail(why) }
            let negated = makeRegex("^(?!\(regex.wholeBody())$).*$", true, place)
            test.condition.host = HostCondition(patterns: [negated])
        case ("request_method", "="): test.condition.methods = [value]
        case ("remote_addr", "="): test.condition.clients = [value]
        case ("request_method", "~"), ("request_method", "~*"):
            let inner =
                value.hasPrefix("^(") && value.hasSuffix(")$") ? String(value.dropFirst(2).dropLast(2)) : ""
            let methods = inner.split(separator: "|").map(String.init)
            guard !methods.isEmpty, methods.allSatisfy({ $0.utf8.allSatisfy(ValueText.isNameByte) }) else {
                throw fail("methods are compared as a whole only")
            }
            test.condition.methods = methods.map { $0.uppercased() }
        case ("uri", "~"), ("uri", "~*"), ("document_uri", "~"), ("document_uri", "~*"):
            let regex = makeRegex(value, sign == "~*", place)
            if let why = whyUnusable(regex) { throw fail(why) }
            test.condition.path = .pattern(regex, behind: nil, exactly: false)
            test.active = [regex]
        case ("uri", "="): test.condition.path = .exact(value)
        case (let name, "=") where name.hasPrefix("http_") && !value.isEmpty:
            test.condition.headers = [(FieldName.of(name), "~^\(RegexText.escaped(value))$")]
        case (let name, "~") where name.hasPrefix("http_"), (let name, "~*") where name.hasPrefix("http_"):
            let regex = makeRegex(value, sign == "~*", place)
            if let why = PatternNames.fault(regex) { throw fail(why) }
            test.condition.headers = [(FieldName.of(name), sign + value)]
        default: throw fail("rules cannot ask this")
        }
        return test
    }
}
