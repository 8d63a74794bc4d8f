using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Tests.Comparing;

public sealed class ComparisonPropertyTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    [Fact]
    public void Changes_applied_to_the_earlier_text_are_the_later_one() =>
        AnyContracts.HoldChanged((from, to) => Assert.Equal(to, ContractComparison.Between(from, to).ApplyTo(from)));

    [Fact]
    public void Changes_are_the_same_after_they_were_written_as_JSON() =>
        AnyContracts.HoldChanged(
            (from, to) =>
            {
                var diff = ContractComparison.Between(from, to);
                var read = JsonSerializer.Deserialize<ContractDiff>(JsonSerializer.Serialize(diff, Json), Json);

                Assert.Equal(diff, read);
                Assert.Equal(to, read!.ApplyTo(from));
            }
        );

    [Fact]
    public void Changes_apply_to_no_other_text() =>
        AnyContracts.HoldChangedTwice(
            (from, to, other) =>
            {
                var diff = ContractComparison.Between(from, to);
                if (!other.Equals(from))
                {
                    Assert.Throws<ArgumentException>(() => diff.ApplyTo(other));
                }
            }
        );

    [Fact]
    public void A_text_does_not_differ_from_itself() =>
        AnyContracts.Hold(contract => Assert.True(ContractComparison.Between(contract, contract).IsEmpty));

    [Fact]
    public void Every_clause_is_told_once_in_the_order_of_reading() =>
        AnyContracts.HoldChanged(
            (from, to) =>
            {
                var changes = ContractComparison.Between(from, to).Clauses;

                Assert.Equal(
                    to.Walk().Select(c => c.Clause.Id),
                    changes.Where(change => change.To is not null).Select(change => change.Id)
                );
                Assert.Equal(
                    from.Walk().Select(c => c.Clause.Id).Concat(to.Walk().Select(c => c.Clause.Id)).ToHashSet().Count,
                    changes.Count
                );
            }
        );

    [Fact]
    public void What_is_said_to_have_stayed_stands_under_the_same_clause_in_the_same_order() =>
        AnyContracts.HoldChanged(
            (from, to) =>
            {
                var stayed = ContractComparison
                    .Between(from, to)
                    .Clauses.Where(change => change.Kind is ClauseChangeKind.Same or ClauseChangeKind.Changed)
                    .ToList();

                Assert.All(stayed, change => Assert.Equal(change.From!.Parent, change.To!.Parent));
                Assert.All(
                    stayed.GroupBy(change => change.To!.Parent),
                    siblings => Assert.Equal(siblings.OrderBy(change => change.From!.Index), siblings)
                );
            }
        );
}
