using Chancery.Contracts.Analysis;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>A contract that is being put together. Not safe for concurrent use.</summary>
internal sealed class AssemblyDraft(ReadInstruction asked, FilledClauses filled, AssemblyRequest request)
{
    /// <summary>Clauses that only fit the contract they were written for.</summary>
    private static readonly HashSet<ClauseType> _bound =
    [
        ClauseType.Parties,
        ClauseType.Recitals,
        ClauseType.Definitions,
        ClauseType.Signatures,
    ];

    private readonly List<Clause> _clauses = [.. filled.Clauses];
    private readonly Dictionary<Guid, ClauseOrigin> _origins = filled.Clauses.ToDictionary(
        clause => clause.Id,
        _ => new ClauseOrigin(ClauseOriginKind.Template, asked.Template.Id)
    );
    private readonly List<string> _notes = [.. asked.Notes];
    private readonly List<string> _missing = [.. filled.Missing];
    private readonly HashSet<Guid> _usedCandidates = [];

    /// <summary>Puts the organisation's clauses in the place of the template's of the same type, the best first.</summary>
    public void Replace(IEnumerable<CandidateClause> candidates)
    {
        foreach (
            var candidate in candidates
                .OrderByDescending(candidate => candidate.Score)
                .ThenBy(candidate => candidate.Id)
        )
        {
            if (TypeOf(candidate) is not { } type || _bound.Contains(type))
            {
                continue;
            }

            var at = IndexFor(candidate, type);
            if (at < 0)
            {
                continue;
            }

            // What the instruction says about this clause would be lost.
            if (BlanksOf(_clauses[at].Id).FirstOrDefault(IsAsked) is { } blank)
            {
                _notes.Add(
                    $"Your own clause “{HeadingOf(candidate, _clauses[at])}” was not used, because the instruction says something about “{blank}”."
                );
                continue;
            }

            _clauses[at] = Own(candidate, _clauses[at].Id, _clauses[at].Heading);
            _origins[_clauses[at].Id] = new ClauseOrigin(
                ClauseOriginKind.Tenant,
                candidate.Id.ToString("D"),
                candidate.Score
            );
            _usedCandidates.Add(candidate.Id);
        }
    }

    /// <summary>Takes out what the instruction does not want.</summary>
    public void LeaveOut()
    {
        foreach (var type in asked.Unwanted)
        {
            var gone = _clauses.RemoveAll(clause => filled.Sources[clause.Id].Type == type);
            if (gone == 0)
            {
                _notes.Add($"There was no clause on “{ClauseTypes.NameOf(type)}” to leave out.");
            }
        }
    }

    /// <summary>Puts in what the instruction asks for beside the template, the organisation's own words first.</summary>
    public void AddExtras(TemplateValues values)
    {
        foreach (var (clause, variables) in asked.Extras)
        {
            var own = request
                .Candidates.Where(candidate =>
                    candidate.Score >= request.EnoughScore
                    && !_usedCandidates.Contains(candidate.Id)
                    && TypeOf(candidate) == clause.Type
                )
                .MaxBy(candidate => candidate.Score);
            Clause made;
            if (own is not null)
            {
                made = Own(own, Guid.CreateVersion7(), clause.Content.Heading);
                _origins[made.Id] = new ClauseOrigin(ClauseOriginKind.Tenant, own.Id.ToString("D"), own.Score);
                _usedCandidates.Add(own.Id);
            }
            else
            {
                var extra = TemplateFilling.Fill(
                    [clause.Content],
                    clause.Variables,
                    clause.Language,
                    values with
                    {
                        Variables = variables,
                    }
                );
                made = extra.Clauses[0];
                _missing.AddRange(extra.Missing);
                _origins[made.Id] = new ClauseOrigin(ClauseOriginKind.Library, clause.Id);
            }

            Insert(made, clause.Type);
            if (clause.Id == "arbitration")
            {
                LeaveOutCourts();
            }
        }
    }

    public AssembledContract Close()
    {
        var contract = new ContractText
        {
            Title = asked.Template.Title,
            Parties = [.. asked.Parties.Select(Named)],
            EffectiveDate = asked.EffectiveDate,
            EndDate = asked.EndDate,
            GoverningLaw = asked.GoverningLaw,
            Language = asked.Language,
            Clauses = Repaired(),
        };
        foreach (var label in _missing.Distinct())
        {
            _notes.Add($"To be filled in: {label}.");
        }

        if (asked.EndDate is not null && !asked.Variables.ContainsKey("term"))
        {
            _notes.Add(
                "The end date stands at the head of the contract; its clause on the term has to be brought in line with it."
            );
        }

        NoteStrangeTerms(contract);
        _notes.Add(ClauseLibrary.Notice(asked.Language));
        return new AssembledContract(
            contract,
            asked.Template.Id,
            contract.Clauses.ToDictionary(clause => clause.Id, clause => _origins[clause.Id]),
            _notes
        );
    }

    private static ClauseType? TypeOf(CandidateClause candidate) =>
        candidate.Type
        ?? ClauseTypes.Recognise(
            new Clause(candidate.Id)
            {
                Heading = candidate.Heading,
                Text = string.Join('\n', [candidate.Text, .. candidate.Children.Select(child => child.Text)]),
            }
        );

    /// <summary>Of several clauses of a type, the one that shares most words with the candidate; -1: none is free.</summary>
    private int IndexFor(CandidateClause candidate, ClauseType type)
    {
        var places = Enumerable
            .Range(0, _clauses.Count)
            .Where(at =>
                filled.Sources[_clauses[at].Id].Type == type
                && _origins[_clauses[at].Id].Kind == ClauseOriginKind.Template
            )
            .ToList();
        var words = WordsOf($"{candidate.Heading} {candidate.Text}");
        return places.Count == 0
            ? -1
            : places.MaxBy(at => (double)WordsOf(AllText(_clauses[at])).Intersect(words).Count());
    }

    private static HashSet<string> WordsOf(string text)
    {
        var words = new Words(text);
        return
        [
            .. Enumerable.Range(0, words.Count).Select(at => words.Of(at).ToString()).Where(word => word.Length > 3),
        ];
    }

    private static string AllText(Clause clause) =>
        string.Join(
            ' ',
            Clause.Walk([clause], null, 0).Select(placed => $"{placed.Clause.Heading} {placed.Clause.Text}")
        );

    private IEnumerable<string> BlanksOf(Guid clause)
    {
        var text = string.Join('\n', filled.Sources[clause].Walk().Select(source => source.Text));
        return asked
            .Template.Variables.Select(variable => variable.Name)
            .Append("law")
            .Append("date")
            .Where(name => text.Contains($"{{{{{name}}}}}", StringComparison.Ordinal));
    }

    private bool IsAsked(string blank) =>
        blank switch
        {
            "law" => asked.GoverningLaw is not null,
            "date" => asked.EffectiveDate is not null,
            _ => asked.Variables.ContainsKey(blank),
        };

    private static string HeadingOf(CandidateClause candidate, Clause place) =>
        candidate.Heading.Length > 0 ? candidate.Heading : place.Heading;

    private static Clause Own(CandidateClause candidate, Guid id, string heading) =>
        new(id)
        {
            Heading = candidate.Heading.Length > 0 ? candidate.Heading : heading,
            Text = candidate.Text,
            Children = [.. candidate.Children.Select(Copy)],
        };

    private static Clause Copy(Clause clause) =>
        clause with
        {
            Id = Guid.CreateVersion7(),
            Children = [.. clause.Children.Select(Copy)],
        };

    private void Insert(Clause clause, ClauseType type)
    {
        var (place, near) = ClauseInsertion.PlaceFor(new ContractText { Title = "", Clauses = _clauses }, type);
        var at = near is { } id ? _clauses.FindIndex(other => other.Id == id) : _clauses.Count - 1;
        _clauses.Insert(place == ClausePosition.Before ? at : at + 1, clause);
    }

    /// <summary>Where arbitrators decide, courts do not have exclusive jurisdiction.</summary>
    private void LeaveOutCourts()
    {
        for (var i = 0; i < _clauses.Count; i++)
        {
            var left = _clauses[i]
                .Children.Where(child => !child.Text.Contains("exclusive jurisdiction", StringComparison.Ordinal))
                .ToList();
            if (left.Count < _clauses[i].Children.Count)
            {
                _clauses[i] = _clauses[i] with { Children = left };
                _notes.Add("The clause on the jurisdiction of courts was left out, because arbitration was asked for.");
            }
        }
    }

    private Party Named(Party party, int at) =>
        party.Name.Length > 0
            ? party
            : party with
            {
                Name =
                    $"{TemplateFilling.MissingMark} {(asked.Language.StartsWith("de", StringComparison.Ordinal) ? "Name" : "name of the")} {party.Role ?? $"{at + 1}"}]",
            };

    /// <summary>References to what was replaced point to what stands in its place; those into another contract say that they are missing.</summary>
    private List<Clause> Repaired()
    {
        var there = Clause.Walk(_clauses, null, 0).Select(placed => placed.Clause.Id).ToHashSet();
        var above = new Dictionary<Guid, Guid>();
        foreach (var clause in filled.Clauses)
        {
            foreach (var placed in Clause.Walk([clause], null, 0))
            {
                above.TryAdd(placed.Clause.Id, clause.Id);
            }
        }

        var lost = false;
        var repaired = _clauses.ConvertAll(Repair);
        if (lost)
        {
            _notes.Add("A clause refers to another that is not in this contract; the place is marked.");
        }

        return repaired;

        Clause Repair(Clause clause) =>
            clause with
            {
                Text = ClauseReference.Replace(clause.Text, Target),
                Children = [.. clause.Children.Select(Repair)],
            };

        string Target(Guid id)
        {
            if (there.Contains(id))
            {
                return ClauseReference.To(id);
            }

            if (above.TryGetValue(id, out var top) && there.Contains(top))
            {
                return ClauseReference.To(top);
            }

            lost = true;
            return $"{TemplateFilling.MissingMark} reference]";
        }
    }

    /// <summary>The organisation's clauses may use terms that this contract calls otherwise.</summary>
    private void NoteStrangeTerms(ContractText contract)
    {
        var top = contract
            .Clauses.SelectMany(clause =>
                Clause.Walk([clause], null, 0).Select(placed => (placed.Clause.Id, Top: clause))
            )
            .ToDictionary(pair => pair.Id, pair => pair.Top);
        foreach (
            var finding in ContractChecks
                .Run(contract)
                .Where(finding =>
                    finding is { Rule: "undefined_term", ClauseId: { } id }
                    && _origins[top[id].Id].Kind == ClauseOriginKind.Tenant
                )
        )
        {
            _notes.Add($"In your own clause “{top[finding.ClauseId!.Value].Heading}”: {finding.Message}");
        }
    }
}
