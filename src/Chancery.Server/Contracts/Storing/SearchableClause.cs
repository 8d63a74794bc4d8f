using System.Security.Cryptography;
using System.Text;
using Chancery.Contracts;
using Chancery.Contracts.Analysis;

namespace Chancery.Server.Contracts.Storing;

/// <summary>A clause as search knows it: its own words with references written out, under the headings above it.</summary>
/// <param name="Path">Headings from the top down to its own: "Liability › Cap".</param>
/// <param name="Type">What it deals with, where that can be told.</param>
internal sealed record SearchableClause(Guid Id, string Label, string Path, string? Type, string Body)
{
    /// <summary>Of what is encoded for search by meaning.</summary>
    public byte[] Sha256 => SHA256.HashData(Encoding.UTF8.GetBytes(Encoded(Path, Body)));

    /// <summary>What stands for a clause's meaning.</summary>
    public static string Encoded(string path, string body) => path.Length == 0 ? body : $"{path}\n{body}";

    public static IEnumerable<SearchableClause> Of(ContractText text)
    {
        var numbers = ClauseNumbers.Of(text);
        var paths = new Dictionary<Guid, string>();
        foreach (var (clause, parent, _, _) in text.Walk())
        {
            var above = parent is null ? "" : paths[parent.Id];
            var path = (above, clause.Heading) switch
            {
                ("", _) => clause.Heading,
                (_, "") => above,
                _ => $"{above} › {clause.Heading}",
            };
            paths[clause.Id] = path;
            yield return new SearchableClause(
                clause.Id,
                numbers.ReferenceOf(clause.Id) is { } reference && clause.IsNumbered ? reference : "",
                path,
                ClauseTypes.Recognise(clause, parent) is { } type ? ClauseTypeName.Of(type) : null,
                numbers.Write(clause.Text)
            );
        }
    }
}
