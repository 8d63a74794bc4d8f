using System.Security.Cryptography;
using System.Text;
using Chancery.Documents;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>A page as the table <c>pages</c> holds it.</summary>
internal sealed record PageRow
{
    public required int Page { get; init; }
    public required string Text { get; init; }
    public required float Width { get; init; }
    public required float Height { get; init; }
    public required string Label { get; init; }

    /// <summary>As <see cref="StoredBlocks"/> writes them.</summary>
    public required string Blocks { get; init; }

    /// <summary>What cutting needs of the page; the words' places stay in the table.</summary>
    public DocumentPage ForCutting() =>
        new(Page, Text, Width, Height, [], StoredBlocks.Read(Blocks)) { Label = Label.Length == 0 ? null : Label };

    public static byte[] HashOf(DocumentPage page) => SHA256.HashData(Encoding.UTF8.GetBytes(page.Text));
}
