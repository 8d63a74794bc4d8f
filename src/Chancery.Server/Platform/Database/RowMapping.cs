using Dapper;

namespace Chancery.Server.Platform.Database;

/// <summary>How rows become records: once for the process, before the first is read.</summary>
internal static class RowMapping
{
    public static void Use()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new UtcTimestampHandler());
    }
}
