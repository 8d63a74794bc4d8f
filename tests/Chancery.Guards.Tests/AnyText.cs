using FsCheck;
using FsCheck.Fluent;

namespace Chancery.Guards.Tests;

/// <summary>
/// Texts put together of pieces that matter to guards, among letters and blanks, and ways to cut them; decoded out of a list of numbers, so
/// that FsCheck makes a failing one smaller by making the list shorter and its numbers less.
/// </summary>
internal static class AnyText
{
    /// <summary>Holds for any text of the pieces, and any places at which it may be cut.</summary>
    public static void HoldCut(string[] pieces, Action<string, IReadOnlyList<string>> property)
    {
        var genes = Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1));
        var shrinkable = ArbMap.Default.ArbFor<int[]>();
        FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(60),
            Prop.ForAll(
                Arb.From(genes, list => shrinkable.Shrinker(list).Where(smaller => smaller.All(gene => gene >= 0))),
                list =>
                {
                    var text = Decode(list, pieces);
                    property(text, Cut(text, list));
                }
            )
        );
    }

    private static string Decode(int[] genes, string[] pieces) =>
        string.Concat(
            genes.Select(gene =>
                (gene % 4) switch
                {
                    0 => " ",
                    1 => ((char)('a' + (gene / 4 % 26))).ToString(),
                    _ => pieces[gene / 4 % pieces.Length],
                }
            )
        );

    private static List<string> Cut(string text, int[] genes)
    {
        var cut = new List<string>();
        var at = 0;
        for (var i = 0; at < text.Length; i++)
        {
            var length =
                genes.Length == 0 ? text.Length : Math.Min(text.Length - at, genes[i % genes.Length] / 104 % 9);
            cut.Add(text.Substring(at, length));
            at += length;
            if (length == 0 && i > 4 * text.Length)
            {
                cut.Add(text[at..]);
                break;
            }
        }

        return cut;
    }
}
