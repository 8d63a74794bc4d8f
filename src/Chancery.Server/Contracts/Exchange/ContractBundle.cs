using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Audit;
using Chancery.Server.Contracts.Storing;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>
/// A contract's whole history as a ZIP: each revision with its text, what was asked and its hash, and one signature over them. Safe for
/// concurrent use.
/// </summary>
internal sealed class ContractBundle(ContractStore contracts, IAuditSigner signer)
{
    /// <summary>Of the signature's payload; raised when what is in a bundle changes its meaning.</summary>
    public const string SignatureType = "chancery-contract-bundle+jwt";

    private const int Page = 200;

    private static readonly JsonSerializerOptions Indented = new(RevisionTree.Json) { WriteIndented = true };

    /// <param name="latest">Up to this revision.</param>
    public async Task<byte[]> WriteAsync(
        Principal principal,
        StoredContract latest,
        CancellationToken cancellationToken
    )
    {
        var id = latest.Summary.Id;
        var summaries = await SummariesAsync(principal, id, latest.Revision.Number, cancellationToken);
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var summary in summaries)
            {
                if (await contracts.FindAsync(principal, id, summary.Number, cancellationToken) is not { } revision)
                {
                    continue;
                }

                await AddAsync(
                    zip,
                    hashes,
                    $"revisions/{summary.Number:D5}.json",
                    new
                    {
                        revision = summary,
                        contract = revision.Text,
                        built_on = revision.Origins,
                    },
                    cancellationToken
                );
            }

            await AddAsync(zip, hashes, "contract.json", latest.Summary, cancellationToken);
            await AddTextAsync(
                zip,
                "manifest.json",
                JsonSerializer.Serialize(new { contract = id, files = hashes }, Indented),
                cancellationToken
            );
            var signature = await signer.SignAsync(
                SignatureType,
                writer =>
                {
                    writer.WriteString("contract", id);
                    writer.WriteNumber("revision", latest.Revision.Number);
                    writer.WriteString("history_sha256", latest.Revision.Sha256);
                    writer.WriteStartObject("files");
                    foreach (var (name, hash) in hashes)
                    {
                        writer.WriteString(name, hash);
                    }

                    writer.WriteEndObject();
                },
                cancellationToken
            );
            await AddTextAsync(zip, "signature.jws", signature, cancellationToken);
        }

        return file.ToArray();
    }

    private async Task<IReadOnlyList<RevisionSummary>> SummariesAsync(
        Principal principal,
        Guid id,
        int upTo,
        CancellationToken cancellationToken
    )
    {
        var all = new List<RevisionSummary>();
        int? before = upTo + 1;
        while (await contracts.RevisionsAsync(principal, id, before, Page, cancellationToken) is { Count: > 0 } page)
        {
            all.AddRange(page);
            before = page[^1].Number;
        }

        all.Reverse();
        return all;
    }

    private static async Task AddAsync(
        ZipArchive zip,
        SortedDictionary<string, string> hashes,
        string name,
        object content,
        CancellationToken cancellationToken
    )
    {
        var text = JsonSerializer.Serialize(content, Indented);
        hashes[name] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        await AddTextAsync(zip, name, text, cancellationToken);
    }

    private static async Task AddTextAsync(
        ZipArchive zip,
        string name,
        string text,
        CancellationToken cancellationToken
    )
    {
        await using var entry = await zip.CreateEntry(name, CompressionLevel.Optimal).OpenAsync(cancellationToken);
        await entry.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }
}
