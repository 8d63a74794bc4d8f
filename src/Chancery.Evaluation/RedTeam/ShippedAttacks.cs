using System.Text;

namespace Chancery.Evaluation.RedTeam;

/// <summary>The cases that come with the product.</summary>
public static class ShippedAttacks
{
    private static readonly Lazy<IReadOnlyList<AttackCase>> _all = new(Read);

    /// <summary>In the order of their classes, attacks before harmless ones.</summary>
    public static IReadOnlyList<AttackCase> All => _all.Value;

    private static IReadOnlyList<AttackCase> Read()
    {
        var assembly = typeof(ShippedAttacks).Assembly;
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith("redteam/", StringComparison.Ordinal))
                .SelectMany(name =>
                {
                    using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
                    return AttackJson.Read(reader.ReadToEnd());
                })
                .OrderBy(one => one.Class)
                .ThenBy(one => one.IsBenign)
                .ThenBy(one => one.Id, StringComparer.Ordinal),
        ];
    }
}
