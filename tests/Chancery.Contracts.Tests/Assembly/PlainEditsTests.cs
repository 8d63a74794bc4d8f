using Chancery.Contracts.Assembly;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Library;
using Chancery.Contracts.Tests.Library;

namespace Chancery.Contracts.Tests.Assembly;

public sealed class PlainEditsTests
{
    private static readonly ContractText _services = ClauseLibraryTests.Fill(ClauseLibrary.Template("services")!);

    [Theory]
    [InlineData("Change the payment term to 45 days", "is payable within 45 days", "is payable within 30 days")]
    [InlineData(
        "please shorten the notice period to one month.",
        "at least 1 month written notice",
        "at least 60 days written"
    )]
    [InlineData("Set the term to two years", "initial term of 2 years", "initial term of 12 months")]
    [InlineData("Extend the warranty period to 12 months", "for 12 months from acceptance", "for 6 months from")]
    [InlineData(
        "Change the cure period to 10 days",
        "within 10 days of a written request",
        "within 30 days of a written"
    )]
    [InlineData("Change the governing law to Irish law", "governed by the laws of Ireland", "England and Wales")]
    [InlineData(
        "make it governed by the laws of the State of Delaware",
        "courts of Delaware have exclusive",
        "England and Wales"
    )]
    [InlineData("Ändere das anwendbare Recht auf Germany", "laws of Germany", "England and Wales")]
    [InlineData("Replace \"Deliverables\" with \"Results\" everywhere", "“Results” means everything", "Deliverables")]
    [InlineData(
        "Replace “skill and care” by “professional care” in clause 2.1",
        "with reasonable professional care, and in accordance",
        null
    )]
    [InlineData(
        "Ersetze „subcontractors“ durch „partners“ überall",
        "responsible for its partners as",
        "subcontractors"
    )]
    [InlineData("Rename the Supplier to Contractor", "The Contractor must perform the Services", "Supplier")]
    [InlineData(
        "Delete the words “, which must not be unreasonably withheld” in the assignment clause",
        "prior written consent of the other. Either party",
        null
    )]
    [InlineData("Set the effective date to 1 May 2026", "“Effective Date” means 1 May 2026", "2 March 2026")]
    [InlineData("Add a 6 month non-solicitation clause", "for 6 months after its end, neither party may solicit", null)]
    [InlineData("Replace clause 13 with \"The Supplier keeps no insurance.\"", null, null)]
    public void A_plain_change_says_the_new_and_no_longer_the_old(string instruction, string? says, string? saysNoMore)
    {
        var (edited, edits) = Edit(instruction);
        var text = string.Join('\n', edited.Walk().Select(placed => placed.Clause.Heading + '\n' + placed.Clause.Text));

        if (says is not null)
        {
            Assert.Contains(says, text, StringComparison.Ordinal);
        }

        if (saysNoMore is not null)
        {
            Assert.DoesNotContain(saysNoMore, text, StringComparison.Ordinal);
        }

        Assert.NotEqual(_services, edited);
        Assert.Empty(ClauseEditing.FindUnasked(_services, edited, edits));
    }

    [Theory]
    [InlineData("Delete clause 13", "Limitation of liability")]
    [InlineData("remove the insurance clause", "Insurance")]
    [InlineData("Streiche § 14", "Insurance")]
    [InlineData("Take out the section on subcontracting", "Subcontracting")]
    public void A_clause_is_deleted_by_its_number_or_by_what_it_is_about(string instruction, string heading)
    {
        var (edited, edits) = Edit(instruction);

        Assert.IsType<ClauseEdit.Delete>(Assert.Single(edits));
        Assert.DoesNotContain(edited.Clauses, clause => clause.Heading == heading);
        Assert.Equal(_services.Clauses.Count - 1, edited.Clauses.Count);
    }

    [Theory]
    [InlineData("Move clause 2 after 5", 5, "Services")]
    [InlineData("Move the insurance clause before the confidentiality clause", 9, "Insurance")]
    [InlineData("move the force majeure clause to the beginning", 0, "Force majeure")]
    public void A_clause_is_moved(string instruction, int index, string heading)
    {
        var (edited, _) = Edit(instruction);

        Assert.Equal(heading, edited.Clauses[index].Heading);
    }

    [Fact]
    public void Several_changes_are_made_one_after_the_other()
    {
        var (edited, edits) = Edit(
            "Delete clause 14. Then change the payment term to 60 days; rename Quillon GmbH to Quillon SE.\nAdd an arbitration clause after the notices clause. Call it \"Frame Agreement\""
        );

        Assert.Equal(5, edits.Count);
        Assert.Equal("Frame Agreement", edited.Title);
        Assert.Equal(("Quillon SE", "Supplier"), (edited.Parties[1].Name, edited.Parties[1].Role));
        var notices = edited.Clauses.ToList().FindIndex(clause => clause.Heading == "Notices");
        Assert.Equal("Arbitration", edited.Clauses[notices + 1].Heading);
    }

    [Theory]
    [InlineData("Make it friendlier", "not understood")]
    [InlineData("Delete clause 99", "no clause 99")]
    [InlineData("Delete the weather clause", "“weather”")]
    [InlineData("Replace \"unicorn\" with \"horse\"", "does not stand there")]
    [InlineData("Add a weather clause", "no clause that is called")]
    [InlineData("Change the governing law to English law", "already")]
    [InlineData("Set the end date to 03/04/2026", "without doubt")]
    [InlineData("Delete clause 2; make it nicer", "not understood")]
    [InlineData("Move clause 2 after clause 2", "beside or under itself")]
    [InlineData("  ", "asks for nothing")]
    public void What_is_not_understood_changes_nothing_and_says_why(string instruction, string reason)
    {
        var outcome = Assert.IsType<PlainEditOutcome.NotUnderstood>(PlainEdits.Read(instruction, _services));

        Assert.Contains(reason, outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Deleting_what_others_refer_to_is_told()
    {
        var outcome = Assert.IsType<PlainEditOutcome.Understood>(
            PlainEdits.Read("Delete the indemnity clause", _services)
        );

        Assert.Contains("is referred to in", Assert.Single(outcome.Notes), StringComparison.Ordinal);
    }

    private static (ContractText Edited, IReadOnlyList<ClauseEdit> Edits) Edit(string instruction)
    {
        var outcome = PlainEdits.Read(instruction, _services);
        var understood = outcome as PlainEditOutcome.Understood;
        Assert.True(understood is not null, (outcome as PlainEditOutcome.NotUnderstood)?.Reason);
        var edited = Assert.IsType<EditOutcome.Edited>(ClauseEditing.Apply(_services, understood.Edits));
        return (edited.Contract, understood.Edits);
    }
}
