using FsCheck;
using FsCheck.Fluent;

namespace Chancery.Search.Tests;

internal static class Properties
{
    /// <summary>What texts are made of where they hurt: marks, breaks, halves of characters, names, tables.</summary>
    private static readonly string[] Pieces =
    [
        "a",
        "The",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        ".",
        "...",
        "!",
        "?",
        ";",
        "。",
        "「",
        "」",
        "\"",
        "'",
        "’",
        "-",
        "_",
        "/",
        "§",
        "(b)",
        "(",
        ")",
        "1",
        "12.3",
        "1,000",
        "No.",
        "e.g.",
        "U.S.",
        "Inc.",
        "|",
        "- ",
        "# ",
        "ß",
        "İ",
        "ﬁ",
        "e\u0301",
        "\u00AD",
        "\u200D",
        "\uFEFF",
        "\uD83D",
        "\uDE00",
        "😀",
        "字",
        "東京",
        "ก็",
        "\0",
        "\u2028",
        "\u2029",
        "\uFFFF",
        "tenant",
    ];

    public static void HoldForAnyText(Action<string> property)
    {
        var made = Gen.Select(Gen.ListOf(Gen.Elements(Pieces)), string.Concat);
        var any = Gen.Select(ArbMap.Default.GeneratorFor<string?>(), text => text ?? "");
        var config = Config.QuickThrowOnFailure.WithMaxTest(1000).WithEndSize(60);
        Check.One(config, Prop.ForAll(Arb.From(Gen.OneOf(made, any)), property));
    }

    public static void HoldForAnyTexts(Action<string, string> property) =>
        HoldForAnyText(text =>
        {
            var half = text.Length / 3;
            property(text[..half], text[half..]);
        });
}
