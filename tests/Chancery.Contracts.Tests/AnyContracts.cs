using FsCheck;
using FsCheck.Fluent;

namespace Chancery.Contracts.Tests;

/// <summary>
/// Any contracts, and any changes of them. Each is decoded out of a list of numbers, so that FsCheck makes a failing one smaller by making the
/// list shorter and its numbers less.
/// </summary>
internal static class AnyContracts
{
    public static void Hold(Action<ContractText> property) => Check(genes => property(Decode(genes[0])));

    /// <summary>A contract, and what it became by changes that one or two people made.</summary>
    public static void HoldChanged(Action<ContractText, ContractText> property) =>
        Check(genes =>
        {
            var contract = Decode(genes[0]);
            property(contract, Change(contract, genes[1], "mine", null));
        });

    public static void HoldChangedTwice(Action<ContractText, ContractText, ContractText> property) =>
        Check(genes =>
        {
            var contract = Decode(genes[0]);
            property(contract, Change(contract, genes[1], "mine", null), Change(contract, genes[2], "theirs", null));
        });

    /// <summary>Two who share the work: each changes, moves and deletes only clauses that the other leaves alone.</summary>
    public static void HoldShared(Action<ContractText, ContractText, ContractText> property) =>
        Check(genes =>
        {
            var contract = Decode(genes[0]);
            property(
                contract,
                Change(contract, genes[1], "mine", id => id.GetHashCode() % 2 == 0),
                Change(contract, genes[2], "theirs", id => id.GetHashCode() % 2 != 0)
            );
        });

    /// <summary>The same id for the same name, in every run.</summary>
    public static Guid Id(string name) =>
        new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    private static void Check(Action<int[][]> property)
    {
        var list = Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1));
        var shrinkable = ArbMap.Default.ArbFor<int[][]>();
        var generator = Gen.ArrayOf(list, 3);
        FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(40),
            Prop.ForAll(Arb.From(generator, genes => shrinkable.Shrinker(genes).Where(IsWhole)), property)
        );
    }

    private static bool IsWhole(int[][] genes) =>
        genes.Length == 3 && genes.All(list => list is not null && list.All(gene => gene >= 0));

    private static ContractText Decode(int[] genes)
    {
        var tree = new LooseTree();
        for (var i = 0; i < genes.Length; i++)
        {
            var gene = new Gene(genes[i]);
            tree.Add(
                Id($"base {i}"),
                gene.Below(i + 1) - 1,
                gene.Below(5),
                gene.Words(),
                gene.Text(),
                gene.Below(6) > 0
            );
        }

        return new ContractText { Title = "Title", Clauses = tree.Close() };
    }

    private static ContractText Change(ContractText contract, int[] genes, string who, Func<Guid, bool>? share)
    {
        var everything = share is null;
        var tree = new LooseTree(contract.Clauses);
        for (var i = 0; i < genes.Length / 3; i++)
        {
            var gene = new Gene(genes[i]);
            var own = tree.Ids.Where(id => share is null || share(id)).ToList();
            var kind = gene.Below(9);
            if (kind == 0 || own.Count == 0)
            {
                var under = own.Count == 0 ? -1 : tree.Ids.IndexOf(own[gene.Below(own.Count)]);
                tree.Add(
                    Id($"{who} {i}"),
                    gene.Below(3) == 0 ? -1 : under,
                    gene.Below(5),
                    $"{who} {i} new",
                    gene.Text(),
                    true
                );
                continue;
            }

            var id = own[gene.Below(own.Count)];
            switch (kind)
            {
                case 1 or 2:
                    tree.Edit(id, clause => clause with { Text = gene.Edited(clause.Text, $"{who}{i}") });
                    break;
                case 3:
                    tree.Edit(id, clause => clause with { Heading = $"{gene.Words()} {who}" });
                    break;
                case 4:
                    tree.Edit(id, clause => clause with { IsNumbered = !clause.IsNumbered });
                    break;
                case 5 when everything || tree.IsLeaf(id):
                    tree.Delete(id, keepChildren: false);
                    break;
                case 6 when everything:
                    tree.Delete(id, keepChildren: true);
                    break;
                case 7 when everything:
                    tree.Move(id, gene.Below(tree.Ids.Count + 1) - 1, gene.Below(5));
                    break;
                case 8:
                    tree.Move(id, null, gene.Below(8));
                    break;
                default:
                    break;
            }
        }

        var head = genes.Length % 4;
        return contract with
        {
            Clauses = tree.Close(),
            Title = head == 1 ? $"Title of {who}" : contract.Title,
            EffectiveDate = head == 2 ? new DateOnly(2026, 1, 1 + (genes.Length % 28)) : null,
            Parties = head == 3 ? [new Party($"Party of {who}", "Buyer")] : [],
        };
    }

    /// <summary>One number as a few small choices.</summary>
    private sealed class Gene(int value)
    {
        private static readonly string[] Vocabulary =
        [
            "the",
            "Supplier",
            "shall",
            "pay",
            "30",
            "days",
            "(a)",
            "of",
            "notice,",
            "term.",
            "Vertrag",
            "東京",
            "é",
            "a\tb",
            "😀",
            "'s",
        ];

        private long _left = value;

        /// <summary>As the rest of the number says; what is used up says it again in another way.</summary>
        public int Below(int count)
        {
            var chosen = (int)(_left % count);
            _left = (_left / count) + (_left >> 7);
            return chosen;
        }

        public string Words() =>
            string.Join(' ', Enumerable.Range(0, Below(7)).Select(_ => Vocabulary[Below(Vocabulary.Length)]));

        public string Text()
        {
            var text = string.Join('\n', Enumerable.Range(0, Below(4)).Select(_ => Words()));
            return Below(4) == 0 ? $"{text} {ClauseReference.To(Id($"base {Below(9)}"))}" : text;
        }

        public string Edited(string text, string mark)
        {
            var paragraphs = text.Split('\n').ToList();
            var at = Below(paragraphs.Count);
            switch (Below(4))
            {
                case 0:
                    paragraphs.Insert(at, $"{Words()} {mark}");
                    break;
                case 1:
                    paragraphs.RemoveAt(at);
                    break;
                default:
                    paragraphs[at] = $"{paragraphs[at]} {mark} {Words()}";
                    break;
            }

            return string.Join('\n', paragraphs);
        }
    }
}
