using Chancery.Server.Knowledge.Search.Indexes;

namespace Chancery.Server.Tests.Knowledge.Indexes;

public sealed class DeltaPlanTests
{
    private static readonly Guid A = Guid.CreateVersion7();
    private static readonly Guid B = Guid.CreateVersion7();

    [Fact]
    public void Of_each_document_the_most_that_any_change_asks_for_is_read()
    {
        var plan = DeltaPlan.Of(
            [
                Change(7, "tags", A),
                Change(8, "version", A, passages: 3),
                Change(9, "moved", B),
                Change(10, "vectors", A),
            ],
            mostPassages: 100
        );

        Assert.Equal(10, plan.Revision.Number);
        Assert.Equal([A], plan.Rewritten);
        Assert.Equal([B], plan.Described);
        Assert.Empty(plan.EmbeddedDocuments);
    }

    [Fact]
    public void Of_vectors_that_the_log_names_only_those_are_read()
    {
        var chunk = Guid.CreateVersion7();

        var plan = DeltaPlan.Of(
            [Change(1, "vectors", A) with { Chunks = [chunk] }, Change(2, "vectors", B, passages: 9)],
            mostPassages: 100
        );

        Assert.Equal([chunk], plan.Embedded);
        Assert.Equal([B], plan.EmbeddedDocuments);
        Assert.Empty(plan.Rewritten);
    }

    [Fact]
    public void A_plan_ends_before_it_is_too_large_and_never_without_a_change()
    {
        SourceChange[] changes =
        [
            Change(1, "version", A, passages: 80),
            Change(2, "version", A, passages: 80),
            Change(3, "restored", B, passages: 80),
        ];

        Assert.Equal((2, changes[1].Token), RevisionOf(DeltaPlan.Of(changes, mostPassages: 100)));
        Assert.Equal((1, changes[0].Token), RevisionOf(DeltaPlan.Of(changes[..1], mostPassages: 10)));
        Assert.Equal(3, DeltaPlan.Of(changes, mostPassages: 160).Revision.Number);
    }

    [Fact]
    public void A_change_of_a_kind_that_is_not_known_has_the_document_read_anew() =>
        Assert.Equal([A], DeltaPlan.Of([Change(1, "tomorrow's", A)], 100).Rewritten);

    private static (long, Guid) RevisionOf(DeltaPlan plan) => (plan.Revision.Number, plan.Revision.Token);

    private static SourceChange Change(long revision, string kind, Guid document, int passages = 1) =>
        new(revision, Guid.CreateVersion7(), kind, document, [], passages);
}
