namespace Chancery.Bench.Guards;

/// <summary>What is measured of guards: a command for each question.</summary>
internal static class GuardBenches
{
    public static async Task<int> RunAsync(string[] arguments) =>
        arguments switch
        {
            ["personal-data", .. var rest] => PersonalDataBench.Run(rest),
            ["injection", .. var rest] => InjectionBench.Run(rest),
            ["output"] => OutputBench.Run(),
            ["attacks", .. var rest] => await AttackBench.RunAsync(rest),
            _ => Usage(),
        };

    private static int Usage()
    {
        Console.Error.WriteLine("Usage: ./run bench guards personal-data|injection|output|attacks");
        return 2;
    }
}
