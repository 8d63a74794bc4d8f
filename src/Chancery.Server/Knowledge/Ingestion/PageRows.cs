using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Documents;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>A page as the table <c>pages</c> holds it.</summary>
internal sealed record PageRow
{
    public required int Page { get; init; }
    public required string Text { get; init; }
    public required float Width { get; init; }
    public required float Height { get; init; }

    /// <summary>JSON: <c>[[kind, start, length, level], …]</c>.</summary>
    public required string Blocks { get; init; }

    /// <summary>What cutting needs of the page; the words' places stay in the table.</summary>
    public DocumentPage ForCutting() =>
        new(
            Page,
            Text,
            Width,
            Height,
            [],
            [
                .. JsonSerializer
                    .Deserialize<int[][]>(Blocks)!
                    .Select(block => new TextBlock((BlockKind)block[0], block[1], block[2], block[3])),
            ]
        );

    public static string WriteBlocks(DocumentPage page) =>
        JsonSerializer.Serialize(
            page.Blocks.Select(block => new[] { (int)block.Kind, block.Start, block.Length, block.Level })
        );

    public static byte[] HashOf(DocumentPage page) => SHA256.HashData(Encoding.UTF8.GetBytes(page.Text));
}
