namespace Chancery.Bench.Contracts;

/// <summary>What is measured of contracts: a command for each question.</summary>
internal static class ContractsBench
{
    public static int Run(string[] arguments) =>
        arguments switch
        {
            ["compare"] => ComparisonBench.Run(),
            _ => Usage(),
        };

    private static int Usage()
    {
        Console.Error.WriteLine("Usage: ./run bench contracts compare");
        return 2;
    }
}
