using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Tests.Editing;

public sealed class ClauseEditingTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    private readonly Clause _below = New("Below");
    private readonly Clause _first;
    private readonly Clause _second = New("Second");
    private readonly ContractText _contract;

    public ClauseEditingTests()
    {
        _first = New("First") with { Children = [_below] };
        _contract = new ContractText { Title = "T", Clauses = [_first, _second] };
    }

    [Fact]
    public void Each_edit_is_made_on_what_those_before_it_made()
    {
        var id = Guid.CreateVersion7();
        ClauseEdit[] edits =
        [
            new ClauseEdit.Insert(
                ClausePosition.After,
                _first.Id,
                new NewClause("New", "N.", Id: id, Children: [new NewClause("", "Under new.")])
            ),
            new ClauseEdit.ReplaceText(id, $"See {ClauseReference.To(_second.Id)}."),
            new ClauseEdit.ReplaceHeading(_second.Id, "Last"),
            new ClauseEdit.Move(_below.Id, ClausePosition.Before, _first.Id),
            new ClauseEdit.Delete(_first.Id),
            new ClauseEdit.SetField(ContractField.EndDate, "2030-12-31"),
            new ClauseEdit.SetField(ContractField.Parties, null, [new Party("Acme GmbH", "Supplier")]),
        ];

        var edited = Assert.IsType<EditOutcome.Edited>(ClauseEditing.Apply(_contract, edits));

        Assert.Equal(["Below", "New", "", "Last"], edited.Contract.Walk().Select(c => c.Clause.Heading));
        Assert.Equal([0, 0, 1, 0], edited.Contract.Walk().Select(c => c.Depth));
        Assert.Equal(new DateOnly(2030, 12, 31), edited.Contract.EndDate);
        Assert.Equal([new Party("Acme GmbH", "Supplier")], edited.Contract.Parties);
        Assert.Equal(5, edited.Touched.Count);
        Assert.Empty(ClauseEditing.FindUnasked(_contract, edited.Contract, edits));
    }

    [Fact]
    public void Edits_are_told_apart_in_JSON_by_their_op()
    {
        IReadOnlyList<ClauseEdit> edits =
        [
            new ClauseEdit.ReplaceText(_first.Id, "Text."),
            new ClauseEdit.ReplaceHeading(_first.Id, "Heading"),
            new ClauseEdit.Insert(
                ClausePosition.Under,
                null,
                new NewClause("H", "T", Children: [new NewClause("", "C")])
            ),
            new ClauseEdit.Delete(_first.Id),
            new ClauseEdit.Move(_first.Id, ClausePosition.Before, _second.Id),
            new ClauseEdit.SetField(ContractField.GoverningLaw, "Ireland"),
        ];

        var written = JsonSerializer.Serialize(edits, Json);

        Assert.Contains("\"op\":\"replace_text\"", written, StringComparison.Ordinal);
        Assert.Equal(edits, JsonSerializer.Deserialize<IReadOnlyList<ClauseEdit>>(written, Json));
    }

    public static TheoryData<string, Func<ClauseEditingTests, ClauseEdit>> Impossible =>
        new()
        {
            { "has no clause", _ => new ClauseEdit.Delete(Guid.Empty) },
            { "beside or under itself", t => new ClauseEdit.Move(t._first.Id, ClausePosition.Under, t._below.Id) },
            { "beside or under itself", t => new ClauseEdit.Move(t._first.Id, ClausePosition.After, t._first.Id) },
            { "one line", t => new ClauseEdit.ReplaceHeading(t._first.Id, "Two\nlines") },
            { "control characters", t => new ClauseEdit.ReplaceText(t._first.Id, "a\0b") },
            {
                "names a clause",
                t => new ClauseEdit.ReplaceText(t._first.Id, ClauseReference.To(Guid.CreateVersion7()))
            },
            {
                "already",
                t => new ClauseEdit.Insert(ClausePosition.Under, null, new NewClause("", "", Id: t._below.Id))
            },
            { "before or after", _ => new ClauseEdit.Insert(ClausePosition.After, null, new NewClause("", "")) },
            { "2026-01-31", _ => new ClauseEdit.SetField(ContractField.EndDate, "31.1.2026") },
            { "title", _ => new ClauseEdit.SetField(ContractField.Title, " ") },
            { "levels", t => new ClauseEdit.Insert(ClausePosition.Under, t._below.Id, Nested(1_000)) },
            { "characters", t => new ClauseEdit.ReplaceText(t._first.Id, new string('a', 5_000_001)) },
        };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void An_edit_that_cannot_be_made_refuses_all_and_says_why(
        string reason,
        Func<ClauseEditingTests, ClauseEdit> edit
    )
    {
        var outcome = ClauseEditing.Apply(_contract, [new ClauseEdit.ReplaceText(_second.Id, "Fine."), edit(this)]);

        var refused = Assert.IsType<EditOutcome.Refused>(outcome);
        Assert.Equal(1, refused.Index);
        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_edits_that_are_made_change_nothing_else() =>
        AnyContracts.HoldChanged(
            (contract, other) =>
            {
                var edits = EditsOf(contract, other);
                var edited = Assert.IsType<EditOutcome.Edited>(ClauseEditing.Apply(contract, edits));

                Assert.Empty(ClauseEditing.FindUnasked(contract, edited.Contract, edits));
                Assert.Empty(edited.Contract.FindFaults());
            }
        );

    [Fact]
    public void Whatever_differs_is_found_where_nothing_was_asked_for() =>
        AnyContracts.HoldChanged(
            (contract, other) =>
                Assert.Equal(
                    contract.Clauses.SequenceEqual(other.Clauses),
                    ClauseEditing.FindUnasked(contract, other, []).Count == 0
                )
        );

    [Fact]
    public void A_clause_that_was_changed_otherwise_than_asked_is_found()
    {
        ClauseEdit[] edits = [new ClauseEdit.ReplaceText(_first.Id, "Asked.")];
        var edited = ((EditOutcome.Edited)ClauseEditing.Apply(_contract, edits)).Contract;
        var altered = edited with { Clauses = [edited.Clauses[0] with { Text = "Asked?" }, edited.Clauses[1]] };

        Assert.Equal([_first.Id], ClauseEditing.FindUnasked(_contract, altered, edits));
    }

    /// <summary>Edits of all kinds that fit the contract, as the other one's clauses say.</summary>
    private static List<ClauseEdit> EditsOf(ContractText contract, ContractText other)
    {
        var ids = contract.Walk().Select(c => c.Clause.Id).ToList();
        var gone = new HashSet<Guid>();
        var edits = new List<ClauseEdit>();
        foreach (var (clause, _, depth, index) in other.Walk().Take(12))
        {
            var target = ids.Count == 0 ? Guid.Empty : ids[(clause.Text.Length + index) % ids.Count];
            var isThere = ids.Count > 0 && !gone.Contains(target);
            switch ((clause.Heading.Length + edits.Count) % 5)
            {
                case 0 when isThere:
                    edits.Add(new ClauseEdit.ReplaceText(target, $"{clause.Heading} changed"));
                    break;
                case 1 when isThere:
                    edits.Add(new ClauseEdit.ReplaceHeading(target, clause.Heading));
                    break;
                case 2 when isThere:
                    edits.Add(new ClauseEdit.Delete(target));
                    gone.UnionWith(
                        Clause
                            .Walk([contract.Walk().First(c => c.Clause.Id == target).Clause], null, 0)
                            .Select(c => c.Clause.Id)
                    );
                    break;
                case 3 when isThere && gone.Count == 0:
                    edits.Add(new ClauseEdit.Move(target, ClausePosition.Under, null));
                    break;
                default:
                    edits.Add(
                        new ClauseEdit.Insert(
                            ClausePosition.Under,
                            isThere && depth < 2 ? target : null,
                            new NewClause(clause.Heading, "New.")
                        )
                    );
                    break;
            }
        }

        return edits;
    }

    private static NewClause Nested(int depth)
    {
        var clause = new NewClause("", "Deepest.");
        for (var i = 1; i < depth; i++)
        {
            clause = new NewClause("", "", Children: [clause]);
        }

        return clause;
    }

    private static Clause New(string heading) =>
        new(Guid.CreateVersion7()) { Heading = heading, Text = $"{heading} text." };
}
